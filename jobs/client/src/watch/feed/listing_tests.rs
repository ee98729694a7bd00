use super::*;

fn came(last_is_news: bool, next: Option<&str>, unseen: bool) -> Came {
    Came {
        last_is_news,
        next: next.map(str::to_owned),
        unseen,
    }
}

fn part(listing: &mut Listing) -> Option<(Part, i32, Option<String>)> {
    let ask = listing.next(true)?;
    Some((ask.part, ask.size, ask.next))
}

/// A listing that has seen everything of a long list.
fn listed(now: Instant) -> Listing {
    let mut listing = Listing::default();
    listing.begin();
    let top = listing.next(true).unwrap();
    listing.came(&top, came(true, Some("t"), false), now);
    let running = listing.next(true).unwrap();
    assert_eq!(running.part, Part::Running);
    assert_eq!(
        listing.came(&running, came(true, None, false), now),
        Then::Looked
    );
    let mut pages = 0;
    loop {
        let all = listing.next(true).unwrap();
        assert_eq!((all.part, all.size), (Part::All, PAGE));
        pages += 1;
        let next = (pages < 3).then_some("t");
        if listing.came(&all, came(true, next, false), now) == Then::Listed {
            break;
        }
    }
    assert_eq!(pages, 3);
    listing
}

#[test]
fn a_small_page_comes_first_and_then_all_in_large_ones() {
    let listing = listed(Instant::now());
    assert!(listing.complete && !listing.is_waiting(true));
}

#[test]
fn a_list_of_one_page_is_complete_with_it() {
    let mut listing = Listing::default();
    listing.begin();
    let top = listing.next(true).unwrap();
    assert_eq!(top.size, FIRST);
    let then = listing.came(&top, came(true, None, true), Instant::now());
    assert_eq!((then, listing.next(true)), (Then::Listed, None));
    listing.begin();
    let top = listing.next(true).unwrap();
    let then = listing.came(&top, came(false, None, true), Instant::now());
    assert_eq!((then, listing.next(true)), (Then::Looked, None));
}

#[test]
fn a_look_at_what_is_known_is_one_call_and_two_when_some_that_run_were_not_seen() {
    let now = Instant::now();
    let mut listing = listed(now);
    listing.begin();
    let top = listing.next(true).unwrap();
    let then = listing.came(&top, came(false, Some("t"), false), now);
    assert_eq!((then, listing.next(true)), (Then::Looked, None));
    listing.begin();
    let top = listing.next(true).unwrap();
    listing.came(&top, came(false, Some("t"), true), now);
    let running = listing.next(true).unwrap();
    assert_eq!((running.part, running.size), (Part::Running, PAGE));
    let then = listing.came(&running, came(false, None, false), now);
    assert_eq!((then, listing.saw_running), (Then::Looked, true));
    listing.begin();
    let later = now + RUNNING_EVERY;
    let top = listing.next(true).unwrap();
    listing.came(&top, came(false, Some("t"), false), later);
    assert_eq!(part(&mut listing), Some((Part::Running, PAGE, None)));
}

#[test]
fn a_look_goes_on_until_a_page_brings_nothing_new() {
    let now = Instant::now();
    let mut listing = listed(now);
    listing.begin();
    let top = listing.next(true).unwrap();
    listing.came(&top, came(true, Some("t"), false), now);
    let again = listing.next(true).unwrap();
    assert_eq!(
        (again.part, again.size, &again.next),
        (Part::Top, PAGE, &None)
    );
    listing.came(&again, came(true, Some("u"), false), now);
    let more = listing.next(true).unwrap();
    assert_eq!(more.next.as_deref(), Some("u"));
    let then = listing.came(&more, came(false, Some("v"), false), now);
    assert_eq!(then, Then::Looked);
}

#[test]
fn what_fails_goes_on_where_it_was() {
    let now = Instant::now();
    let mut listing = listed(now);
    listing.sweep_if_due(now);
    assert!(!listing.is_waiting(true));
    listing.sweep_if_due(now + SWEEP_EVERY);
    let first = listing.next(true).unwrap();
    listing.came(&first, came(false, Some("t"), false), now);
    let second = listing.next(true).unwrap();
    listing.failed(&second, false);
    assert_eq!(
        part(&mut listing),
        Some((Part::All, PAGE, Some("t".to_owned())))
    );
    listing.failed(&second, true);
    assert_eq!(part(&mut listing), Some((Part::All, PAGE, None)));
}
