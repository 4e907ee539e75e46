"""Namespaces that news uses and feedparser does not know, by the prefix that both readers give them."""

NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"

OWN = {NEWS: "news", SITEMAP: "sitemap", IMAGE: "image", TOMBSTONES: "at"}
