"""Learns what the labels of MasakhaNEWS dev can teach beside the lexicons, and writes it as data: run by `make train`.

    train.py            learn from everything, calibrate, write the weights
    train.py --measure  nested cross-validation only: figures, nothing written

Learnt are, for the six labels: weights of concepts and of top levels (what a lexicon finds → what editors file it under; shared
by all languages), and weights of single stems by language. Each article counts whole, and its title with its beginning half as
much, so that short texts are judged by what is short. Softmax with a penalty on squares, over the labels alone. It decides
which of them is the strongest; how strong that one is beside the other topics stays with the lexicon.
"""

import argparse
import gzip
import json
import os
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from recipe import LANGUAGES, SHIPPED, recipe
from scipy.optimize import minimize

from telex.tagging.lexicon import Lexicon
from telex.tagging.text import text_of
from telex.tagging.topics import Topics
from telex.tagging.weighing import Weighed

ROOT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("TELEX_DATA") or ROOT.parent / "shared" / "data") / "topics"
CLASSES = ("01000000", "04000000", "07000000", "11000000", "13000000", "15000000")
SHORT = 45
"""Words of a body beside the title, in a short text."""
SHORT_WEIGHS = 0.5
NOTHING = 1.0
FEWEST = 8
"""Texts (whole and short) that a stem must stand in."""
STEMS = 1200
"""Kept, of all languages together: those with the greatest weights."""
STEM_SCALE, CONCEPT_SCALE, TOP_SCALE = 0.5, 0.2, 0.1
PENALTIES = (0.05, 0.1, 0.2)
FOLDS = 5
FLOOR = 0.15
BINS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99)
MOST = 3.0


@dataclass(frozen=True)
class Example:
    """A text, weighed; `article` joins the whole and the short text of one."""

    language: str
    article: str
    short: bool
    label: int
    weighed: Weighed


def articles(language: str) -> list[dict]:
    """The labelled articles of a language."""
    with gzip.open(CORPORA / LANGUAGES[language], "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class AllStems(dict):
    """Stands for a model that knows every stem, while there is none yet."""

    def __contains__(self, stem: object) -> bool:
        return len(str(stem)) > 2 and not str(stem).isdigit()


def examples(topics: Topics) -> list[Example]:
    """Every article twice: whole, and short."""
    found = []
    for language in LANGUAGES:
        lexicon = topics.lexicons[language]
        lexicon.learnt = AllStems()
        lexicon.forms.clear()
        for row in articles(language):
            for short in (False, True):
                body = " ".join(row["text"].split()[:SHORT]) if short else row["text"]
                weighed = topics.weigh(text_of(title=row["title"], body=body, language=language))
                weighed = replace(weighed, stems=without_function_words(weighed, lexicon))
                found.append(Example(language, language + row["id"], short, CLASSES.index(row["iptc"][0]), weighed))
    return found


def without_function_words(weighed: Weighed, lexicon: Lexicon) -> dict[str, float]:
    """The stems that mean something."""
    none = {lexicon.manner.stem(word) for word in lexicon.manner.function_words}
    return {stem: mass for stem, mass in weighed.stems.items() if stem not in none}


class Features:
    """Texts as rows of numbers, in the units of `telex.tagging.opinion`."""

    def __init__(self, topics: Topics, texts: list[Example]) -> None:
        self.tops = list(topics.tops)
        self.concepts = len(topics.vocabulary.concepts)
        logs = np.log(np.array([[text.weighed.totals.get(top, 0.0) for top in self.tops] for text in texts]) + NOTHING)
        codes = list(topics.vocabulary.concepts)
        self.classes = [self.tops.index(codes.index(f"medtop:{code}")) for code in CLASSES]
        self.base = logs[:, self.classes]
        own = np.zeros((len(texts), self.concepts))
        for row, text in enumerate(texts):
            for number, amount in text.weighed.own.items():
                own[row, number] = np.log1p(amount)
        self.fixed = np.hstack([CONCEPT_SCALE * own, TOP_SCALE * (logs - logs.mean(1, keepdims=True))])
        self.texts = texts
        self.labels = np.array([text.label for text in texts])
        self.weights = np.array([SHORT_WEIGHS if text.short else 1.0 for text in texts])
        self.mask = np.zeros((len(texts), len(CLASSES)))
        for language in LANGUAGES:
            there = {text.label for text in texts if text.language == language}
            for row, text in enumerate(texts):
                if text.language == language:
                    self.mask[row, [at for at in range(len(CLASSES)) if at not in there]] = -30.0

    def stems(self, train: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
        """The stems that enough texts of these rows have: (language, stem), how rare each is, their columns."""
        counted = Counter((self.texts[row].language, stem) for row in train for stem in self.texts[row].weighed.stems)
        names = sorted(name for name, times in counted.items() if times >= FEWEST)
        rare = np.array([np.log((len(train) + 1) / (counted[name] + 1)) for name in names])
        return names, rare, self.columns(names, rare)

    def columns(self, names: list[tuple[str, str]], rare: np.ndarray) -> np.ndarray:
        """The values of stems in all rows."""
        places = {name: at for at, name in enumerate(names)}
        found = np.zeros((len(self.texts), len(names)))
        for row, text in enumerate(self.texts):
            scale = STEM_SCALE * (text.weighed.size + 1.0) ** -0.5
            for stem, mass in text.weighed.stems.items():
                at = places.get((text.language, stem))
                if at is not None:
                    found[row, at] = scale * mass**0.5 * rare[at]
        return found


@dataclass(frozen=True)
class Model:
    """What was learnt."""

    power: float
    names: list[tuple[str, str]]
    rare: np.ndarray
    stems: np.ndarray
    fixed: np.ndarray

    def shifts(self, features: Features) -> np.ndarray:
        """What is learnt says of each class, in all rows."""
        return features.columns(self.names, self.rare) @ self.stems + features.fixed @ self.fixed


def fit(features: Features, train: np.ndarray, penalty: float) -> Model:
    """Learn from these rows: once with every stem, then with those that matter."""
    names, rare, columns = features.stems(train)
    _, weights = solve(features, columns, train, penalty)
    keep = sorted(np.argsort(-np.linalg.norm(weights[: len(names)], axis=1))[:STEMS])
    power, weights = solve(features, columns[:, keep], train, penalty)
    return Model(power, [names[at] for at in keep], rare[keep], weights[: len(keep)], weights[len(keep) :])


def solve(features: Features, columns: np.ndarray, train: np.ndarray, penalty: float) -> tuple[float, np.ndarray]:
    """The power of the totals, and the weights that make the labels likeliest."""
    rows = np.hstack([columns[train], features.fixed[train]])
    base, mask = features.base[train], features.mask[train]
    labels, counts = features.labels[train], features.weights[train]
    shape = (rows.shape[1], len(CLASSES))
    at = np.arange(len(train))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, power = flat[:-1].reshape(shape), flat[-1]
        scores = power * base + rows @ weights + mask
        parts = np.exp(scores - scores.max(1, keepdims=True))
        parts /= parts.sum(1, keepdims=True)
        wrong = parts.copy()
        wrong[at, labels] -= 1
        wrong *= counts[:, None]
        value = -(counts * np.log(parts[at, labels] + 1e-12)).sum() + penalty * (weights**2).sum() / 2
        return value, np.append((rows.T @ wrong + penalty * weights).ravel(), (wrong * base).sum())

    start = np.append(np.zeros(shape[0] * shape[1]), 1.5)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return float(found[-1]), found[:-1].reshape(shape)


def folds(features: Features, rows: np.ndarray, seed: int) -> list[np.ndarray]:
    """The rows in parts; an article's texts stay together, and each label of each language is spread evenly."""
    groups: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        text = features.texts[row]
        articles_ = groups.setdefault((text.language, text.label), [])
        if text.article not in articles_:
            articles_.append(text.article)
    part: dict[str, int] = {}
    for key in sorted(groups):
        ids = sorted(groups[key])
        random.Random(f"{seed}{key}").shuffle(ids)
        part |= {article: at % FOLDS for at, article in enumerate(ids)}
    where = np.array([part[features.texts[row].article] for row in rows])
    return [rows[where == fold] for fold in range(FOLDS)]


def accuracy(features: Features, model: Model, rows: np.ndarray) -> float:
    """The share of labels hit."""
    scores = model.power * features.base + model.shifts(features) + features.mask
    return float((scores[rows].argmax(1) == features.labels[rows]).mean())


def chosen_penalty(features: Features, rows: np.ndarray, seed: int) -> float:
    """The penalty that does best on held-out parts of these rows."""

    def score(penalty: float) -> float:
        parts = folds(features, rows, seed + 1)
        return float(
            np.mean([accuracy(features, fit(features, np.setdiff1d(rows, part), penalty), part) for part in parts[:3]])
        )

    return max(PENALTIES, key=score)


def nested(features: Features, seed: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """For each row what a model says that has not seen its article: powers, shifts; and the penalties chosen."""
    rows = np.arange(len(features.texts))
    powers, shifts, penalties = np.zeros(len(rows)), np.zeros((len(rows), len(CLASSES))), []
    for part in folds(features, rows, seed):
        train = np.setdiff1d(rows, part)
        penalties.append(chosen_penalty(features, train, seed))
        model = fit(features, train, penalties[-1])
        powers[part], shifts[part] = model.power, model.shifts(features)[part]
    return powers, shifts, penalties


def raw_confidences(features: Features, totals: np.ndarray, powers: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Parts of all top levels, as the service makes them."""
    scores = powers[:, None] * totals
    parts = np.exp(scores - scores.max(1, keepdims=True))
    among = parts[:, features.classes]
    shifted = among * np.exp(np.clip(shifts, -MOST, MOST))
    parts[:, features.classes] = shifted * among.max(1, keepdims=True) / shifted.max(1, keepdims=True)
    return parts / parts.sum(1, keepdims=True)


def calibrated(raw: np.ndarray, line: list[tuple[float, float]]) -> np.ndarray:
    """The confidences of raw certainties."""
    return np.interp(raw, [x for x, _ in line], [y for _, y in line])


def calibration(features: Features, raw: np.ndarray, right: np.ndarray, shown: np.ndarray) -> dict:
    """How far confidences are from what comes true, each by a line that has not seen its article; by tenths."""
    rows = np.arange(len(features.texts))
    sure = np.zeros_like(raw)
    for part in folds(features, rows, 2):
        train = np.setdiff1d(rows, part)
        sure[part] = calibrated(raw[part], knots(raw[train][shown[train]], right[train][shown[train]]))
    said, came = sure[shown], right[shown]
    told = said >= FLOOR
    tenths = np.minimum((said * 10).astype(int), 9)
    error, bins = 0.0, []
    for tenth in range(1, 10):
        here = told & (tenths == tenth)
        if here.any():
            error += abs(said[here].mean() - came[here].mean()) * here.sum() / told.sum()
            bins.append((float(said[here].mean()), float(came[here].mean()), int(here.sum())))
    return {"error": float(error), "bins": bins}


def knots(raw: np.ndarray, right: np.ndarray) -> list[tuple[float, float]]:
    """A rising line through bins."""
    bins = np.digitize(raw, BINS)
    points = [
        (float(raw[bins == at].mean()), float(right[bins == at].mean()), int((bins == at).sum()))
        for at in range(len(BINS) + 1)
        if (bins == at).any()
    ]
    pooled: list[list[float]] = []
    for x, y, count in points:
        pooled.append([x * count, y * count, count])
        while len(pooled) > 1 and pooled[-2][1] / pooled[-2][2] >= pooled[-1][1] / pooled[-1][2]:
            last = pooled.pop()
            pooled[-1] = [a + b for a, b in zip(pooled[-1], last, strict=True)]
    line = [(round(x / count, 4), round(y / count, 4)) for x, y, count in pooled]
    return [(0.0, 0.0), *[(x, y) for x, y in line if 0 < x < 1], (1.0, max(0.99, line[-1][1]))]


def scored(features: Features, scores: np.ndarray, *, short: bool) -> dict[str, dict]:
    """Accuracy, macro and weighted F1, F1 by label and the confusion (label, answer, how often), by language."""
    said: dict[str, dict] = {}
    for language in LANGUAGES:
        rows = [row for row, text in enumerate(features.texts) if text.language == language and text.short == short]
        found = (scores[rows] + features.mask[rows]).argmax(1)
        labels = features.labels[rows]
        f1 = {
            label: 2 * ((found == label) & (labels == label)).sum() / ((found == label).sum() + (labels == label).sum())
            for label in sorted(set(labels))
        }
        weighted = sum(f1[label] * (labels == label).mean() for label in f1)
        pairs = Counter(zip(labels.tolist(), found.tolist(), strict=True))
        said[language] = {
            "texts": len(rows),
            "accuracy": float((found == labels).mean()),
            "macro": float(np.mean(list(f1.values()))),
            "weighted": float(weighted),
            "f1": {CLASSES[label]: float(value) for label, value in f1.items()},
            "confusion": [(CLASSES[label], CLASSES[answer], count) for (label, answer), count in sorted(pairs.items())],
        }
    return said


def measured(features: Features) -> tuple[dict, list[tuple[float, float]]]:
    """All figures, none by a model that has seen the article; and the line that calibrates."""
    totals = np.log(
        np.array([[text.weighed.totals.get(top, 0.0) for top in features.tops] for text in features.texts]) + NOTHING
    )
    powers, shifts, penalties = nested(features, 1)
    scores = powers[:, None] * features.base + shifts
    raw = raw_confidences(features, totals, powers, shifts)[:, features.classes]
    shown = features.mask == 0
    right = np.eye(len(CLASSES))[features.labels]
    found = {
        "lexicons": {
            "whole": scored(features, features.base, short=False),
            "short": scored(features, features.base, short=True),
        },
        "nested": {"whole": scored(features, scores, short=False), "short": scored(features, scores, short=True)},
        "calibration": calibration(features, raw, right, shown),
        "penalties": penalties,
    }
    return found, knots(raw[shown], right[shown])


def main() -> None:
    """Measure, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    given = parser.parse_args()
    topics = Topics.load()
    features = Features(topics, examples(topics))
    found, line = measured(features)
    for how in ("lexicons", "nested"):
        for size, languages in found[how].items():
            for language, score in languages.items():
                told = ", ".join(f"{name} {score[name]:.3f}" for name in ("accuracy", "macro", "weighted"))
                print(f"{how}, {size}, {language}: {told}")
    print("calibration, nested:", found["calibration"])
    if not given.measure:
        rows = np.arange(len(features.texts))
        write(topics, fit(features, rows, chosen_penalty(features, rows, 1)), line)


def write(topics: Topics, model: Model, line: list[tuple[float, float]]) -> None:
    """Write the weights."""
    codes = [code.removeprefix("medtop:") for code in topics.vocabulary.concepts]
    concepts = CONCEPT_SCALE * model.fixed[: len(codes)]
    tops = TOP_SCALE * model.fixed[len(codes) :]
    document = {
        "made_by": "make train",
        "recipe": recipe(),
        "learnt_from": "labels of MasakhaNEWS dev, French and English (https://github.com/masakhane-io/masakhane-news)",
        "power": round(model.power, 4),
        "nothing": NOTHING,
        "floor": FLOOR,
        "most": MOST,
        "knots": line,
        "classes": list(CLASSES),
        "tops": {codes[top]: rounded(weights) for top, weights in zip(topics.tops, tops, strict=True)},
        "concepts": {
            code: rounded(weights) for code, weights in zip(codes, concepts, strict=True) if abs(weights).max() >= 0.001
        },
    }
    dump(SHIPPED / "opinion.json", document)
    stems = STEM_SCALE * model.rare[:, None] * model.stems
    for language in LANGUAGES:
        own = {stem: rounded(weights) for (of, stem), weights in zip(model.names, stems, strict=True) if of == language}
        dump(SHIPPED / language / "weights.json", {"made_by": "make train", "recipe": recipe(), "stems": own})


def rounded(weights: np.ndarray) -> list[float]:
    """Three decimals are enough."""
    return [round(float(weight), 3) for weight in weights]


def dump(path: Path, document: dict) -> None:
    """One entry a line, for people who read differences."""
    lines = []
    for key, value in document.items():
        if isinstance(value, dict):
            inner = ",\n".join(
                f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(entry)}" for name, entry in value.items()
            )
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
