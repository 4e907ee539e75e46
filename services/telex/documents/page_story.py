"""Which of a page's blocks are the story: an opinion to begin with, then a visible list of rules, each testable alone.

trafilatura's opinion is good at where the story is, and less good at its edges. The rules know what it does not: how the
page's blocks are named, that paragraphs marked up alike belong together, what the publisher's metadata hold, and what
publishers write around stories.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telex.documents import page_phrases
from telex.documents.page_blocks import Block, Kind, squashed

_LEAD = re.compile(
    r"(?:^|[\W_])(?:lead|leadtext|lede|standfirst|summary|excerpt|intro|storyintro|sub-?title|sub-?line|sub-?head(?:line|ing)?"
    r"|strapline|stand-first|dek|deck|chapo|chapeau|sapo|entradilla|bajada|synopsis|abstract|description)(?:$|[\W_])",
    re.IGNORECASE,
)
_COMPARISONS = 200_000_000
_LONG = 40
_LEAD_WITHIN = 25


@dataclass(slots=True)
class Choice:
    """The blocks, what each says in letters and digits alone, and which are kept so far."""

    blocks: Sequence[Block]
    keys: Sequence[str]
    keep: list[bool]
    text: str = ""
    guide: str = ""
    title: str = ""
    titles: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    noisy: list[bool] = field(default_factory=list)

    def kept(self) -> list[int]:
        """The numbers of the kept blocks."""
        return [number for number, keep in enumerate(self.keep) if keep]

    def size(self) -> int:
        """How much is kept, in letters and digits."""
        return sum(len(self.keys[number]) for number in self.kept())

    def prose(self) -> list[int]:
        """The numbers of the kept paragraphs that are longer than labels are."""
        return [n for n in self.kept() if self.blocks[n].kind is Kind.PARAGRAPH and len(self.keys[n]) >= _LONG]

    def drop(self, is_dropped: Callable[[int, Block], bool]) -> None:
        """Keep what is kept and not dropped."""
        for number in self.kept():
            if is_dropped(number, self.blocks[number]):
                self.keep[number] = False


def each_text_once(choice: Choice) -> None:
    """A text that the page shows at more places than the opinion did stays where most of the story is."""
    shown = Counter(squashed(line) for line in choice.text.split("\n"))
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number in choice.kept():
        places[choice.keys[number]].append(number)
    weight: Counter[int] = Counter()
    for key, numbers in places.items():
        if len(numbers) == 1:
            weight[choice.blocks[numbers[0]].frame] += len(key)
    for key, numbers in places.items():
        times = max(1, shown[key])
        if len(numbers) > times:
            numbers.sort(key=lambda n: (not choice.blocks[n].noise, weight[choice.blocks[n].frame], -n), reverse=True)
            for number in numbers[times:]:
                choice.keep[number] = choice.blocks[number].kind is Kind.CELL


def no_noise(choice: Choice) -> None:
    """What stands in elements that are named as no story are, but where the names stand around most of the story."""
    total = choice.size()
    held: Counter[str] = Counter()
    for number in choice.kept():
        if len(choice.keys[number]) >= _LONG:
            for name in set(choice.blocks[number].noise):
                held[name] += len(choice.keys[number])
    choice.noisy = [any(held[name] < 0.3 * total for name in block.noise) for block in choice.blocks]
    choice.drop(lambda number, _: choice.noisy[number])


def alike_belongs_together(choice: Choice) -> None:
    """Paragraphs that are marked up as most of the story is are story, too."""
    total, seen = choice.size(), {choice.keys[number] for number in choice.kept()}
    shapes: Counter[str] = Counter()
    articles = {choice.blocks[number].article for number in choice.kept()}
    for number in choice.prose():
        shapes[choice.blocks[number].shape] += len(choice.keys[number])
    for number, block in enumerate(choice.blocks):
        if choice.keep[number] or choice.noisy[number] or block.kind is not Kind.PARAGRAPH:
            continue
        key = choice.keys[number]
        alike = shapes[block.shape] >= 0.2 * total and block.article in articles
        if alike and len(key) >= _LONG and block.linked * 2 < len(block.text) and key not in seen:
            choice.keep[number] = True
            seen.add(key)


def headings_and_items_between(choice: Choice) -> None:
    """Subheadings and list items between the story's paragraphs, in the element that holds the story."""
    total, prose = choice.size(), choice.prose()
    frames: Counter[int] = Counter()
    for number in prose:
        frames[choice.blocks[number].frame] += len(choice.keys[number])
    seen = {choice.keys[number] for number in choice.kept()}
    for number in range(prose[0] + 1, prose[-1]) if prose else ():
        block, key = choice.blocks[number], choice.keys[number]
        if (
            choice.keep[number]
            or choice.noisy[number]
            or block.linked
            or key in seen
            or frames[block.frame] < 0.2 * total
        ):
            continue
        if block.kind is Kind.HEADING or (block.kind is Kind.ITEM and len(key) >= 30):
            choice.keep[number] = True
            seen.add(key)


def as_the_metadata_say(choice: Choice) -> None:
    """Where the metadata's body is what the page shows, paragraphs that it lacks and that stand apart are no story.

    The body itself is not taken: its paragraphs often run together. It only says which blocks are story.
    """
    guide = choice.guide
    if len(guide) < 200 or len(guide) * len(choice.keys) > _COMPARISONS:
        return
    inside = [len(key) >= 12 and key in guide for key in choice.keys]
    covered = sum(len(key) for key in {key for key, found in zip(choice.keys, inside, strict=True) if found})
    agreed = [number for number in choice.kept() if inside[number]]
    if not agreed or covered < 0.8 * len(guide) or sum(len(choice.keys[n]) for n in agreed) < 0.6 * choice.size():
        return
    frames: Counter[int] = Counter()
    for number in agreed:
        frames[choice.blocks[number].frame] += len(choice.keys[number])
    seen, total = {choice.keys[number] for number in agreed}, choice.size()
    for number, block in enumerate(choice.blocks):
        key, kept = choice.keys[number], choice.keep[number]
        if inside[number]:
            choice.keep[number] = kept or (not choice.noisy[number] and key not in seen and len(key) >= _LONG)
            seen.add(key)
        elif kept and frames[block.frame] < 0.2 * total:
            small = block.kind is not Kind.PARAGRAPH or len(key) < _LONG
            choice.keep[number] = number < agreed[0] or (small and number < agreed[-1])


def no_title(choice: Choice) -> None:
    """The title is another field; so are the names of its authors."""
    prose = choice.prose()
    start = next((number for number in prose if len(choice.keys[number]) >= 60), 0)

    def is_title(number: int, block: Block) -> bool:
        key = choice.keys[number]
        heads = block.kind is Kind.HEADING and number < start and (block.level == 1 or key in choice.titles)
        return key == choice.title or heads or key in choice.authors

    choice.drop(is_title)


def no_links_alone(choice: Choice) -> None:
    """A paragraph that is a link leads to another story; an address is part of one."""

    def leads_away(number: int, block: Block) -> bool:
        short = block.kind is Kind.PARAGRAPH and len(choice.keys[number]) < 160 and "@" not in block.text
        whole = block.linked * 20 >= len(block.text) * 19 and len(choice.keys[number]) > 100
        return (short and block.linked * 4 >= len(block.text) * 3) or whole

    choice.drop(leads_away)


def no_invitations(choice: Choice) -> None:
    """What publishers write around stories: read also, follow us, sign up, image credits, dates of change."""

    def invites(_: int, block: Block) -> bool:
        item = block.kind is Kind.ITEM and block.linked * 2 <= len(block.text)
        return block.kind is not Kind.CELL and not item and page_phrases.invites(block.text, block.linked)

    choice.drop(invites)


def nothing_behind_the_end(choice: Choice) -> None:
    """Behind "More from …" or "Comments" only that goes on which is marked up as the story was before."""
    total, before, ended = choice.size(), 0, False
    frames: Counter[int | str] = Counter()
    for number, block in enumerate(choice.blocks):
        if before * 2 >= total and page_phrases.ends_story(block.text):
            ended, choice.keep[number] = True, False
        if not choice.keep[number]:
            continue
        if not ended:
            size = len(choice.keys[number])
            before += size
            frames[block.frame] += size
            frames[block.shape] += size
            if named := _own_name(block):
                frames[named] += size
        elif max(frames[block.frame], frames[block.shape], frames[_own_name(block)]) * 10 < before:
            choice.keep[number] = False


def _own_name(block: Block) -> str:
    """The name of the block's own element, empty where it has none: "p" alone tells nothing."""
    own = block.shape.rpartition(">")[2]
    return own if own.partition(".")[2].strip() else ""


def with_its_lead(choice: Choice) -> None:
    """The standfirst before the first paragraph, where an element is named as standfirsts are."""
    prose = choice.prose()
    if not prose:
        return
    seen = {choice.keys[number] for number in choice.kept()} | {choice.title}
    for number in range(prose[0] - 1, max(-1, prose[0] - _LEAD_WITHIN), -1):
        block, key = choice.blocks[number], choice.keys[number]
        text = block.kind in (Kind.PARAGRAPH, Kind.HEADING) and len(key) >= 30 and block.linked * 3 < len(block.text)
        plain = not choice.noisy[number] and key not in seen and not page_phrases.invites(block.text, block.linked)
        if text and plain and not choice.keep[number] and _LEAD.search(block.shape):
            choice.keep[number] = True
            return


def no_heading_last(choice: Choice) -> None:
    """A heading with nothing below it heads something else."""
    for number in reversed(choice.kept()):
        if choice.blocks[number].kind is not Kind.HEADING:
            return
        choice.keep[number] = False


RULES: tuple[Callable[[Choice], None], ...] = (
    each_text_once,
    no_noise,
    alike_belongs_together,
    as_the_metadata_say,
    headings_and_items_between,
    no_title,
    no_links_alone,
    no_invitations,
    nothing_behind_the_end,
    with_its_lead,
    no_heading_last,
)


def choose(choice: Choice) -> list[Block]:
    """The story's blocks in their order."""
    for rule in RULES:
        rule(choice)
    return [choice.blocks[number] for number in choice.kept()]
