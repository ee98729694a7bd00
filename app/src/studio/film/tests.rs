use insta::assert_snapshot;

use super::*;
use crate::studio::fixture::{answer, drawn, drawn_with, drive, press, studio, theme, thumb};
use crate::studio::message::Msg;
use crate::studio::update::update;

const SIZE: (u16, u16) = (120, 40);

fn wishes(effects: &[Effect]) -> Vec<&[usize]> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Thumbs(photos) => Some(photos.as_slice()),
            _ => None,
        })
        .collect()
}

#[test]
fn only_what_is_in_sight_is_wished_for_and_the_nearest_first() {
    let mut model = studio(2000, SIZE);
    assert_eq!(model.film.thumbs.len(), 5, "as many as there is room for");
    let effects = press(&mut model, "<PgDn><PgDn>");
    // Photographs 8 to 12 of the list around the tenth; both pages are one wish each.
    assert_eq!(model.current, 10);
    assert_eq!(wishes(&effects)[1], [10, 9, 11, 8, 12]);
    answer(&mut model, &effects);
    assert!(wishes(&press(&mut model, "l")).is_empty(), "all are there");
    let effects = press(&mut model, ".");
    assert_eq!(wishes(&effects), [[13]]);
    let effects = press(&mut model, "G");
    assert_eq!(wishes(&effects), [[1999, 1998, 1997, 1996, 1995]]);
}

#[test]
fn keys_go_through_the_list_and_stop_at_its_ends() {
    for (keys, wanted) in [
        (".", 1),
        (",", 29),
        ("G", 29),
        ("G .", 0),
        ("G g", 0),
        ("<PgDn>", 5),
        ("<PgDn><PgUp><PgUp>", 0),
        ("G <PgDn>", 29),
    ] {
        let mut model = studio(30, SIZE);
        drive(&mut model, keys);
        assert_eq!(model.current, wanted, "{keys}");
    }
}

#[test]
fn of_many_thumbnails_those_near_by_are_kept() {
    let mut model = studio(2000, SIZE);
    drive(&mut model, "G");
    for photo in (0..2000).rev() {
        let made = Made::Thumb(thumb(photo));
        update(&mut model, Msg::Thumb { photo, made });
    }
    let kept = &model.film.thumbs;
    assert_eq!(kept.len(), KEPT);
    assert!(kept.contains_key(&1999) && kept.contains_key(&(2000 - KEPT)));
}

#[test]
fn a_photograph_that_has_no_thumbnail_is_told_once_and_tried_again_when_it_opens() {
    let mut model = studio(3, SIZE);
    let made = Made::Unreadable("the PNG file is cut short".to_owned());
    update(&mut model, Msg::Thumb { photo: 1, made });
    assert!(matches!(model.photos[1].state, PhotoState::Unreadable(_)));
    // Mended meanwhile.
    let effects = press(&mut model, ".");
    assert_eq!(model.photos[1].state, PhotoState::Unread);
    answer(&mut model, &effects);
    assert!(matches!(model.photos[1].state, PhotoState::Opened(..)));
    let effects = press(&mut model, "l");
    assert!(wishes(&effects).is_empty(), "asked for when it opened");
}

#[test]
fn the_strip_under_the_picture() {
    let mut model = studio(12, SIZE);
    drive(&mut model, "... <Space>. <Space>");
    model.film.written.insert(2);
    let made = Made::Unreadable("the JPEG file is cut short".to_owned());
    update(&mut model, Msg::Thumb { photo: 5, made });
    model.film.thumbs.remove(&6);
    assert_snapshot!(drawn(&model));
}

#[test]
fn names_where_there_is_no_room_for_thumbnails() {
    for size in [(80, 24), (50, 15)] {
        let mut model = studio(12, size);
        drive(&mut model, "... <Space>.");
        model.film.written.insert(2);
        model.photos[5].state = PhotoState::Unreadable("the JPEG file is cut short".to_owned());
        let name = format!("names_at_{}", size.0);
        assert_snapshot!(name, drawn(&model));
    }
}

#[test]
fn a_strip_without_colour_or_in_ascii_says_the_same() {
    let mut model = studio(12, SIZE);
    drive(&mut model, "... <Space>.");
    model.film.written.insert(2);
    model.photos[5].state = PhotoState::Unreadable("the JPEG file is cut short".to_owned());
    model.shown = None;
    model.film.thumbs.clear();
    let plain = drawn_with(&model, &theme(false, true));
    let captions = plain.backend().to_string();
    let row = captions.lines().nth(32).unwrap();
    for words in ["+ board-3.jpg", "[x] boar", "x board-6.jpg"] {
        assert!(row.contains(words), "{words}\n{row}");
    }
}
