"""Who offers, who answers and who gives way, as columns of what happens."""

from __future__ import annotations

from vdx_plugin.media.direct import Do, Negotiation, Stage


def waiting() -> Negotiation:
    one = Negotiation()
    assert one.answered(one.offering(anew=True), ignored=True) is Do.WAIT
    return one


def standing(*, polite: bool) -> Negotiation:
    one = waiting() if polite else Negotiation()
    if polite:
        assert one.offer_came("u1") is Do.ANSWER_NEW
    else:
        assert one.answered(one.offering(anew=True), ignored=False) is Do.ACCEPT
        one.agreed("u1")
    return one


def test_the_first_in_the_room_waits_and_answers() -> None:
    """Its offer goes nowhere, and the connection made for it is of no use."""
    one = waiting()
    assert (one.stage, one.is_polite) == (Stage.WAITING, True)
    assert one.offer_came("u1") is Do.ANSWER_NEW
    assert one.stage is Stage.STANDING


def test_the_second_in_the_room_gets_its_answer() -> None:
    """It need not give way to anybody."""
    one = standing(polite=False)
    assert (one.stage, one.is_polite) == (Stage.STANDING, False)


def test_a_further_offer_of_the_same_connection_is_answered_on_it_and_of_another_with_a_new_one() -> None:
    """A browser that begins to present offers on the same, one whose network changed on a new one."""
    one = standing(polite=False)
    assert one.offer_came("u1") is Do.ANSWER
    assert one.offer_came("u2") is Do.ANSWER_NEW
    assert one.offer_came("u2") is Do.ANSWER


def test_when_both_offer_at_once_only_the_polite_one_gives_way() -> None:
    """Otherwise both would wait for ever, or both would answer."""
    polite, other = standing(polite=True), standing(polite=False)
    ours = polite.offering(anew=False)
    other.offering(anew=False)
    assert other.offer_came("u1") is Do.IGNORE
    assert polite.offer_came("u1") is Do.GIVE_WAY
    assert polite.answered(ours, ignored=True) is Do.NOTHING
    assert (polite.stage, other.stage) == (Stage.STANDING, Stage.OFFERING)


def test_a_polite_one_that_offered_a_new_connection_answers_with_another() -> None:
    """There is nothing left that its own offer could be taken back to."""
    polite = standing(polite=True)
    polite.offering(anew=True)
    assert polite.offer_came("u1") is Do.ANSWER_NEW


def test_a_further_offer_that_is_ignored_or_fails_is_taken_back() -> None:
    """The connection goes on as it was."""
    one = standing(polite=False)
    assert one.answered(one.offering(anew=False), ignored=True) is Do.TAKE_BACK
    assert one.failed(one.offering(anew=False)) is Do.TAKE_BACK
    assert one.stage is Stage.STANDING


def test_somebody_who_left_is_waited_for_anew_and_with_a_late_answer_nothing_is_done() -> None:
    """The answer belonged to a connection that is gone."""
    one = standing(polite=False)
    late = one.offering(anew=False)
    assert one.other_gone() is Do.NOTHING
    assert one.answered(late, ignored=True) is Do.TAKE_BACK
    assert one.other_gone() is Do.OFFER_ANEW
    assert one.answered(late, ignored=False) is Do.NOTHING
    assert one.answered(one.offering(anew=True), ignored=True) is Do.WAIT
