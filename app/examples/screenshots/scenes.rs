//! What is shown: a table of commands, keys and what to wait for. The picture is taken after the last step.

use crate::fake_terminal::Answers;

/// One picture of the guide.
pub struct Scene {
    /// The file's name, without `.png`.
    pub name: &'static str,
    /// What is typed in the shell, line by line. The folder has the sample boards in `boards`.
    pub commands: &'static [&'static str],
    /// Variables beyond the usual.
    pub variables: &'static [(&'static str, &'static str)],
    /// The kind of terminal.
    pub answers: Answers,
    /// Columns and rows.
    pub size: (u16, u16),
    /// What happens until the picture is taken.
    pub steps: &'static [Step],
}

/// A moment of a scene.
pub enum Step {
    /// Waits until this text is on the screen.
    See(&'static str),
    /// Types.
    Type(&'static str),
    /// Waits until nothing changes any more.
    Settle,
    /// Waits until the last command has ended.
    End,
}

/// Large enough for all panes.
const LARGE: (u16, u16) = (120, 37);

const NONE: &[(&str, &str)] = &[];

/// In the order in which they are played: later ones see what the earlier ones have submitted.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "studio",
        commands: &["whiteboarder boards"],
        variables: NONE,
        answers: Answers::Sixel,
        size: LARGE,
        steps: &[Step::See("exact"), Step::Settle],
    },
    Scene {
        name: "studio-split",
        commands: &["whiteboarder boards/wall.jpg"],
        variables: NONE,
        answers: Answers::Sixel,
        size: (112, 34),
        steps: &[
            Step::See("exact"),
            Step::Type("s"),
            Step::Settle,
            Step::See("exact"),
        ],
    },
    Scene {
        name: "studio-keys",
        commands: &["whiteboarder boards"],
        variables: NONE,
        answers: Answers::Sixel,
        size: LARGE,
        steps: &[Step::See("exact"), Step::Type("?"), Step::Settle],
    },
    Scene {
        name: "studio-half-blocks",
        commands: &["whiteboarder boards/wall.jpg"],
        variables: &[("COLORTERM", "truecolor")],
        answers: Answers::Plain,
        size: LARGE,
        steps: &[Step::See("exact"), Step::Settle],
    },
    Scene {
        name: "studio-no-colour",
        commands: &["whiteboarder boards/wall.jpg"],
        variables: &[("NO_COLOR", "1")],
        answers: Answers::Plain,
        size: LARGE,
        steps: &[
            Step::See("exact"),
            Step::Type("s"),
            Step::Settle,
            Step::See("exact"),
        ],
    },
    Scene {
        name: "studio-commands",
        commands: &["whiteboarder boards"],
        variables: NONE,
        answers: Answers::Sixel,
        size: LARGE,
        steps: &[Step::See("exact"), Step::Type(":view"), Step::Settle],
    },
    Scene {
        name: "studio-side-by-side",
        commands: &["whiteboarder boards/wall.jpg"],
        variables: NONE,
        answers: Answers::Sixel,
        size: (104, 32),
        steps: &[
            Step::See("exact"),
            Step::Type("ss+++++"),
            Step::Settle,
            Step::See("exact"),
        ],
    },
    Scene {
        name: "studio-ink-mask",
        commands: &["whiteboarder boards/wall.jpg"],
        variables: NONE,
        answers: Answers::Sixel,
        size: LARGE,
        steps: &[
            Step::See("exact"),
            Step::Type("sssss"),
            Step::Settle,
            Step::See("exact"),
        ],
    },
    Scene {
        name: "studio-presets",
        commands: &["whiteboarder boards/wall.jpg"],
        variables: NONE,
        answers: Answers::Sixel,
        size: LARGE,
        steps: &[
            Step::See("exact"),
            Step::Type("pjjj"),
            Step::Settle,
            Step::See("exact"),
        ],
    },
    Scene {
        name: "batch",
        commands: &["whiteboarder boards"],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 22),
        steps: &[
            Step::See("STUDIO"),
            Step::Type("S"),
            Step::See("6 pictures"),
        ],
    },
    Scene {
        name: "submit-running",
        commands: &["whiteboarder submit boards --wait -o cleaned"],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 13),
        steps: &[Step::See("3/6")],
    },
    Scene {
        name: "submit-done",
        commands: &["whiteboarder submit boards --wait -o cleaned-again"],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 19),
        steps: &[Step::End],
    },
    Scene {
        name: "runs-list",
        commands: &[
            "whiteboarder runs list",
            "whiteboarder runs show latest/sketch.jpg",
        ],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 25),
        steps: &[Step::End],
    },
    Scene {
        name: "watch-plain",
        commands: &["whiteboarder watch --plain"],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 17),
        steps: &[Step::End],
    },
    Scene {
        name: "local-status",
        commands: &["whiteboarder local status"],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 9),
        steps: &[Step::End],
    },
    Scene {
        name: "an-error",
        commands: &[
            "whiteboarder clean notes.txt -o notes.png",
            "whiteboarder runs show 01ABC",
        ],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 7),
        steps: &[Step::End],
    },
    Scene {
        name: "watch",
        commands: &[
            "whiteboarder local stop",
            "whiteboarder local start --lambda-timeout-s 2",
            "head -c 60000 boards/sketch.jpg > boards/torn.jpg",
            "whiteboarder submit boards --again --place lambda --wait > log.txt 2>&1",
            "clear; whiteboarder watch latest",
        ],
        variables: NONE,
        answers: Answers::Plain,
        size: (132, 38),
        // The dearest first: one that moved.
        steps: &[
            Step::See("done"),
            Step::Type("ss"),
            Step::See("by cost"),
            Step::See("caught"),
        ],
    },
    Scene {
        name: "watch-timeline",
        commands: &["clear; whiteboarder watch latest --filter is:moved"],
        variables: NONE,
        answers: Answers::Plain,
        size: (112, 18),
        steps: &[
            Step::See("moved after"),
            Step::Type("\rt"),
            Step::See("CleanOnEcs"),
        ],
    },
];
