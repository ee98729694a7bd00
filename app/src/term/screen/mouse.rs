//! What the terminal tells of the mouse: `CSI < button ; column ; row M` or `m` (SGR, mode 1006), and the older
//! form of three bytes, from terminals that do not know the newer one.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Buttons, wheel and drags are told, as numbers of any size.
pub const TAKE: &str = "\x1b[?1002h\x1b[?1006h";
/// The mouse is the terminal's own again.
pub const RELEASE: &str = "\x1b[?1006l\x1b[?1002l";

/// What the numbers of a report mean; the body begins behind the `<`. What cannot be is nothing.
pub fn report(body: &str, released: bool) -> Option<MouseEvent> {
    let mut fields = body.split(';').map(str::parse::<u16>);
    let (button, column, row) = (
        fields.next()?.ok()?,
        fields.next()?.ok()?,
        fields.next()?.ok()?,
    );
    if fields.next().is_some() {
        return None;
    }
    event(button, column, row, released)
}

/// The older form: each number is a byte, 32 above itself. It does not say which button was released.
pub fn bytes([button, column, row]: [u8; 3]) -> Option<MouseEvent> {
    let number = |byte: u8| byte.checked_sub(32).map(u16::from);
    let (button, column, row) = (number(button)?, number(column)?, number(row)?);
    if button & (WHEEL | MOTION | 3) == 3 {
        return event(button & !3, column, row, true);
    }
    event(button, column, row, false)
}

const SHIFT: u16 = 4;
const ALT: u16 = 8;
const CONTROL: u16 = 16;
const MOTION: u16 = 32;
const WHEEL: u16 = 64;

fn event(code: u16, column: u16, row: u16, released: bool) -> Option<MouseEvent> {
    // Further buttons (128 and more) mean nothing here.
    if code > (WHEEL | MOTION | CONTROL | ALT | SHIFT | 3) {
        return None;
    }
    let button = match code & 3 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = if code & WHEEL != 0 {
        if released {
            return None;
        }
        match code & 3 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        }
    } else if released {
        MouseEventKind::Up(button?)
    } else if code & MOTION != 0 {
        MouseEventKind::Drag(button?)
    } else {
        MouseEventKind::Down(button?)
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (SHIFT, KeyModifiers::SHIFT),
        (ALT, KeyModifiers::ALT),
        (CONTROL, KeyModifiers::CONTROL),
    ] {
        if code & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(MouseEvent {
        kind,
        // The terminal counts from 1.
        column: column.checked_sub(1)?,
        row: row.checked_sub(1)?,
        modifiers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str, released: bool) -> (MouseEventKind, u16, u16, KeyModifiers) {
        let event = report(body, released).unwrap();
        (event.kind, event.column, event.row, event.modifiers)
    }

    #[test]
    fn buttons_drags_and_the_wheel_come_with_their_place_and_modifiers() {
        use MouseEventKind::{Down, Drag, ScrollDown, ScrollUp, Up};
        let none = KeyModifiers::NONE;
        assert_eq!(told("0;1;1", false), (Down(MouseButton::Left), 0, 0, none));
        assert_eq!(
            told("2;80;24", true),
            (Up(MouseButton::Right), 79, 23, none)
        );
        assert_eq!(
            told("32;300;200", false),
            (Drag(MouseButton::Left), 299, 199, none)
        );
        assert_eq!(told("64;5;6", false), (ScrollUp, 4, 5, none));
        assert_eq!(
            told("81;5;6", false),
            (ScrollDown, 4, 5, KeyModifiers::CONTROL)
        );
        assert_eq!(
            told("12;5;6", false).3,
            KeyModifiers::SHIFT | KeyModifiers::ALT
        );
    }

    #[test]
    fn what_cannot_be_is_nothing() {
        for body in [
            "",
            "0",
            "0;1",
            "0;0;1",
            "0;1;0",
            "0;1;1;1",
            "0;99999;1",
            "0;1;99999999999999999999",
            "-1;1;1",
            "0;1;x",
            "3;1;1",
            "35;1;1",
            "128;1;1",
            "0;1:2;3",
        ] {
            assert_eq!(report(body, false), None, "{body:?}");
        }
        assert_eq!(report("64;1;1", true), None, "a wheel is not released");
    }

    #[test]
    fn the_older_form_is_understood_too() {
        let down = bytes([32, 33, 34]).unwrap();
        assert_eq!(
            (down.kind, down.column, down.row),
            (MouseEventKind::Down(MouseButton::Left), 0, 1)
        );
        assert!(matches!(
            bytes([35, 33, 34]).unwrap().kind,
            MouseEventKind::Up(_)
        ));
        assert_eq!(bytes([0, 33, 34]), None);
        assert_eq!(bytes([32, 32, 33]), None);
    }
}
