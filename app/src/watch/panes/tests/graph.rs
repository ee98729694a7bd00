use insta::assert_snapshot;
use proptest::prelude::*;
use whiteboarder_jobs::track::{ExecutionStatus, ExecutionView, StateKind, Step};
use whiteboarder_jobs::watch::graph::{Edge, EdgeKind, Graph, Node};

use super::fixture::{
    START, branches, failed_in_plan, fits, many, moved, shown, theme, view, whiteboarder,
};
use crate::watch::panes::graph::{Drawn, default_state, draw, next, previous};

const NOW: i64 = START + 100_000;

fn drawn(graph: &Graph, view: Option<&ExecutionView>, size: (u16, u16), ascii: bool) -> Drawn {
    let selected = view.and_then(default_state);
    let drawn = draw(graph, view, selected.as_deref(), size, NOW, &theme(ascii));
    fits(&drawn.lines, usize::from(size.0));
    drawn
}

fn picture(graph: &Graph, view: Option<&ExecutionView>, columns: u16, ascii: bool) -> String {
    shown(&drawn(graph, view, (columns, 20), ascii).lines)
}

#[test]
fn a_machine_that_nothing_has_begun_is_whole_from_the_start() {
    assert_snapshot!(picture(&whiteboarder(), None, 80, false));
}

#[test]
fn a_picture_that_moved_to_ecs_and_runs_there() {
    assert_snapshot!(picture(&whiteboarder(), Some(&moved(false)), 80, false));
}

#[test]
fn a_picture_that_moved_to_ecs_with_ascii_only() {
    let text = picture(&whiteboarder(), Some(&moved(false)), 120, true);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn a_picture_that_moved_and_is_done() {
    assert_snapshot!(picture(&whiteboarder(), Some(&moved(true)), 120, false));
}

#[test]
fn a_picture_that_failed_in_the_plan() {
    assert_snapshot!(picture(&whiteboarder(), Some(&failed_in_plan()), 80, false));
}

#[test]
fn a_narrow_pane_has_the_machine_as_a_tree() {
    assert_snapshot!(picture(&whiteboarder(), Some(&moved(false)), 50, false));
}

#[test]
fn a_narrow_pane_has_the_tree_with_ascii_only() {
    let text = picture(&whiteboarder(), Some(&moved(false)), 50, true);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn branches_and_items_have_frames_where_there_is_room() {
    assert_snapshot!(picture(&branches(), Some(&many(30)), 120, false));
}

#[test]
fn branches_and_items_are_indented_where_there_is_none() {
    assert_snapshot!(picture(&branches(), Some(&many(30)), 60, false));
}

/// Many states in a row, some of which may go back, aside, or fail.
fn wide() -> Graph {
    let mut definition = r#"{"StartAt": "Step1", "States": {"#.to_owned();
    for number in 1..=12 {
        definition.extend([format!(
            r#""Step{number}": {{"Type": "Choice", "Default": "Step{}", "Choices": [{{"Next": "Aside{number}"}}]}},
            "Aside{number}": {{"Type": "Task", "Resource": "x", "Next": "Step{}",
                "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}}]}},"#,
            number + 1,
            if number % 4 == 0 { number } else { number + 1 },
        )]);
    }
    definition += r#""Step13": {"Type": "Succeed"}, "Sorry": {"Type": "Fail"}}}"#;
    Graph::parse(&definition).unwrap()
}

#[test]
fn a_wide_machine_is_a_tree() {
    assert_snapshot!(picture(&wide(), None, 80, false));
}

#[test]
fn the_state_that_failed_is_looked_at_first_and_else_the_one_that_runs() {
    assert_eq!(default_state(&failed_in_plan()).as_deref(), Some("Plan"));
    assert_eq!(default_state(&moved(false)).as_deref(), Some("CleanOnEcs"));
    assert_eq!(default_state(&moved(true)).as_deref(), Some("Done"));
    assert_eq!(default_state(&many(30)).as_deref(), Some("Resize"));
    assert_eq!(default_state(&ExecutionView::default()), None);
}

#[test]
fn the_selection_goes_through_all_states_and_stays_at_both_ends() {
    let graph = branches();
    let mut order = vec![next(&graph, None).unwrap()];
    loop {
        let last = order.last().unwrap();
        let after = next(&graph, Some(last)).unwrap();
        if after == *last {
            break;
        }
        assert_eq!(previous(&graph, Some(&after)).as_ref(), Some(last));
        order.push(after);
    }
    let names: Vec<_> = graph.nodes().iter().map(|node| node.name.clone()).collect();
    assert_eq!(order, names);
    assert_eq!(previous(&graph, Some("Both")).as_deref(), Some("Both"));
    assert_eq!(next(&Graph::default(), None), None);
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z]{1,12}",
        "[A-Za-z ]{60,80}",
        "白板清理{1,9}",
        "\u{1b}\\[2J[\n\t\u{7f}]{1,3}",
        Just("☁️👨‍👩‍👧 e\u{301}".to_owned()),
    ]
}

fn graph(depth: u32) -> BoxedStrategy<Graph> {
    let kinds = prop_oneof![
        Just(StateKind::Task),
        Just(StateKind::Choice),
        Just(StateKind::Succeed),
        Just(StateKind::Wait),
    ];
    let edge = (0..14_usize, 0..4_usize);
    let node = (
        name(),
        kinds,
        prop::collection::vec(edge, 0..4),
        any::<bool>(),
    );
    let nodes = prop::collection::vec(node, 0..12);
    let inside = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec(graph(depth - 1), 0..3).boxed()
    };
    (nodes, inside, 0..12_usize)
        .prop_map(move |(nodes, inside, host)| {
            // Edges to what is not there are among them, and so are loops.
            let names: Vec<String> = nodes
                .iter()
                .enumerate()
                .map(|(index, (name, ..))| format!("{name}{depth}{index}"))
                .collect();
            let to = |to: usize| names.get(to).cloned().unwrap_or_else(|| "Gone".to_owned());
            let states = nodes
                .iter()
                .enumerate()
                .map(|(index, (_, kind, edges, ends))| Node {
                    name: names[index].clone(),
                    kind: *kind,
                    resource: None,
                    ends: *ends,
                    retries: false,
                    edges: edges
                        .iter()
                        .map(|(target, kind)| Edge {
                            to: to(*target),
                            kind: match kind {
                                0 => {
                                    EdgeKind::Catch(vec!["States.ALL".to_owned(), "白".to_owned()])
                                }
                                1 => EdgeKind::Choice(0),
                                2 => EdgeKind::Default,
                                _ => EdgeKind::Next,
                            },
                        })
                        .collect(),
                    inside: if index == host {
                        inside.clone()
                    } else {
                        Vec::new()
                    },
                });
            Graph {
                start: names.first().cloned().unwrap_or_default(),
                states: states.collect(),
            }
        })
        .boxed()
}

/// Some visits of some states, whether that is possible or not.
fn visits(graph: &Graph, picks: &[(usize, usize, bool)]) -> ExecutionView {
    let nodes = graph.nodes();
    let steps = picks
        .iter()
        .enumerate()
        .filter_map(|(index, (pick, after, open))| {
            let node = nodes.get(pick % nodes.len().max(1))?;
            let mut step = Step {
                name: node.name.clone(),
                kind: node.kind,
                after: Some(*after),
                within: (index % 3 == 0).then_some(*after),
                iteration: (index % 4 == 0).then_some(index as u32),
                items: (index % 5 == 0).then_some(3),
                entered_ms: START + index as i64,
                ..Step::default()
            };
            step.exited_ms = (!open).then_some(START - 5 * index as i64);
            Some(step)
        });
    view(ExecutionStatus::Running, steps.collect(), None)
}

proptest! {
    #[test]
    fn any_graph_is_drawn_whole_in_any_width(
        graph in graph(2),
        picks in prop::collection::vec((0..40_usize, 0..40_usize, any::<bool>()), 0..30),
        columns in 10..200_u16, rows in 0..60_u16, ascii in any::<bool>(),
    ) {
        let view = visits(&graph, &picks);
        let selected = default_state(&view);
        let drawn = draw(&graph, Some(&view), selected.as_deref(), (columns, rows), NOW, &theme(ascii));
        for line in &drawn.lines {
            prop_assert!(line.width() <= usize::from(columns), "{} > {columns}: {line}", line.width());
            let clean = line.spans.iter().all(|span| !span.content.chars().any(char::is_control));
            prop_assert!(clean);
        }
        for node in graph.nodes() {
            prop_assert!(drawn.spot(&node.name).is_some(), "{} is missing", node.name);
        }
    }
}

#[test]
fn hundreds_of_states_are_drawn() {
    let nodes = (0..800_usize).map(|number| Node {
        name: format!("State{number}"),
        kind: StateKind::Choice,
        resource: None,
        ends: number == 799,
        retries: false,
        edges: [number + 1, number + 2, number / 2]
            .iter()
            .map(|to| Edge {
                to: format!("State{to}"),
                kind: EdgeKind::Choice(0),
            })
            .collect(),
        inside: Vec::new(),
    });
    let graph = Graph {
        start: "State0".to_owned(),
        states: nodes.collect(),
    };
    let drawn = drawn(&graph, None, (80, 40), false);
    assert_eq!(drawn.spots.len(), 800);
}
