"""Activity that is worked out from its last day adds up, whatever the window."""

from hypothesis import given
from hypothesis import strategies as st

from m365sim.reports.files import MOST_KEPT_BYTES, Files
from m365sim.reports.spells import spell
from m365sim.reports.window import Window, last_days, one_day

DAY = 86_400
NOW = 20_500 * DAY
KINDS = ("exchange", "teams", "onedrive", "sharepoint", "yammer", "skype", "copilot chat")
subjects = st.uuids().map(str)


@given(subjects, st.sampled_from(KINDS), st.integers(0, 250), st.integers(0, 400), st.integers(1, 400))
def test_days_add_up(subject: str, kind: str, ago: int, age: int, rate: int) -> None:
    last = 20_498 - ago
    life = (last - age, last)
    for days in (7, 30):
        whole = spell(subject, kind, life, last_days(NOW, days))
        assert whole is not None
        assert whole.last_on == last
        parts = [spell(subject, kind, life, one_day(NOW, 20_498 - back)) for back in range(days)]
        active = [part for part in parts if part is not None and part.days]
        assert whole.days == len(active)
        assert whole.count(rate) == sum(part.count(rate) for part in active)
        assert (whole.days > 0) is (ago < days) or whole.days > 0


@given(subjects, st.sampled_from(KINDS), st.integers(0, 27), st.integers(0, 400))
def test_the_last_day_has_activity_and_none_comes_after_it(subject: str, kind: str, ago: int, age: int) -> None:
    last = 20_498 - ago
    life = (last - age, last)
    on_it = spell(subject, kind, life, one_day(NOW, last))
    assert on_it is not None
    assert (on_it.last_on, on_it.days, on_it.count(16)) == (last, 1, 1)
    for day in range(last + 1, 20_499):
        after = spell(subject, kind, life, one_day(NOW, day))
        assert after is not None
        assert (after.last_on, after.days) == (last, 0)
    assert spell(subject, kind, life, one_day(NOW, last - age - 1)) is None


@given(subjects, st.sampled_from(KINDS), st.integers(1, 30), st.integers(0, 60))
def test_a_past_day_is_seen_as_it_was(subject: str, kind: str, back: int, age: int) -> None:
    """What somebody did on a day does not depend on what they did later, but for the last day itself."""
    day = 20_498 - back
    early, late = (day - age, day + 1), (day - age, 20_498)
    then, now = (spell(subject, kind, life, one_day(NOW, day)) for life in (early, late))
    assert (None if then is None else (then.last_on, then.days)) == (None if now is None else (now.last_on, now.days))


def test_nothing_is_known_of_what_is_not_covered_yet() -> None:
    assert spell("somebody", "teams", (20_000, 20_499), last_days(NOW, 180)) is None
    assert spell("somebody", "teams", (20_000, 20_499), one_day(NOW, 20_490)) is None
    assert spell("somebody", "teams", (20_000, 20_499), Window(20_490, 20_499, 10, 20_499)) is not None


def test_few_files_are_kept() -> None:
    files, made = Files(), []
    noise = bytes(range(256)) * 4

    def make(name: int) -> bytes:
        made.append(name)
        return noise + str(name).encode()

    assert files.whole((1,), lambda: make(1)) == files.whole((1,), lambda: make(1)) == noise + b"1"
    assert made == [1]
    files.size = MOST_KEPT_BYTES
    assert files.whole((2,), lambda: make(2)) == noise + b"2"
    assert list(files.kept) == [(2,)]
