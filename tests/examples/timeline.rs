//! The example that draws a batch prints a line for each call, and its picture and its trace show the same ten calls.

use roxmltree::{Document, Node};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use support::program::Program;

/// The indices of the calls that each thread has run.
type Rows = BTreeMap<String, BTreeSet<usize>>;

#[test]
fn the_picture_and_the_trace_show_each_call_once() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [svg, trace] = ["timeline.svg", "timeline.json"].map(|name| folder.join(name));
    let arguments = ["--svg", svg.to_str().unwrap(), "--trace", trace.to_str().unwrap()];
    let mut program = Program::start(env!("CARGO_BIN_EXE_timeline"), &arguments);
    let lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(), Some(0));

    let [calls @ .., picture_line, trace_line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(*picture_line, format!("picture: {}", svg.display()));
    assert_eq!(*trace_line, format!("trace: {}", trace.display()));
    check_lines(calls);
    let drawn = check_picture(&fs::read_to_string(svg).unwrap());
    let traced = check_trace(&fs::read_to_string(trace).unwrap());
    assert_eq!(drawn, traced);
    assert!(drawn.len() <= 4, "more threads than workers: {drawn:?}");
    assert_eq!(drawn.into_values().flatten().collect::<BTreeSet<_>>(), (0..10).collect());
}

#[test]
fn an_argument_that_it_does_not_know_is_told() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_timeline"), &["--png"]);
    program.expect_error(
        "timeline: invalid option '--png' (usage: timeline [--svg FILE] [--trace FILE])",
    );
    assert_eq!(program.wait(), Some(2));
}

/// Checks the line of each call: one fails, one panics.
fn check_lines(lines: &[String]) {
    let mut told = BTreeMap::new();
    for line in lines {
        let (call, how) = line.strip_prefix("call ").unwrap().split_once(", ").unwrap();
        let (outcome, time) = how.split_once(", ").unwrap();
        let (time, what) = time.split_once(" ms: ").unwrap();
        assert!(time.parse::<u64>().is_ok(), "{line}");
        let twice = told.insert(call.parse::<usize>().unwrap(), format!("{outcome}: {what}"));
        assert_eq!(twice, None, "{lines:?}");
    }
    let mut expected: BTreeMap<_, _> =
        (0..8).map(|call| (call, format!("ok: {} bytes", 2200 * (call + 1)))).collect();
    expected.insert(8, "failed: http status: 404".into());
    expected.insert(9, "panicked: a page of 22000 bytes".into());
    assert_eq!(told, expected);
}

/// Checks the picture, and gives the calls in the row of each thread.
fn check_picture(svg: &str) -> Rows {
    let picture = Document::parse(svg).unwrap();
    let with = |name: &'static str, class: &'static str| {
        let class = move |node: &Node<'_, '_>| {
            node.attribute("class").is_some_and(|classes| classes.split(' ').any(|c| c == class))
        };
        picture.descendants().filter(move |node| node.tag_name().name() == name).filter(class)
    };
    let number = |node: Node<'_, '_>, name| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let width = number(picture.root_element(), "width");
    assert!(width <= 900.0);
    assert!(!picture.descendants().any(|node| node.tag_name().name() == "script"));

    let threads: Vec<(&str, f64)> =
        with("text", "thread").map(|text| (text.text().unwrap(), number(text, "y"))).collect();
    let mut rows = Rows::new();
    let mut free = BTreeMap::new();
    let bars: Vec<Node<'_, '_>> = with("rect", "bar").collect();
    assert_eq!(bars.len(), 10);
    for bar in bars {
        let [left, top, wide, high] = ["x", "y", "width", "height"].map(|name| number(bar, name));
        let index = bar.next_sibling_element().and_then(|label| label.text()).unwrap();
        let outcome = match index {
            "8" => "bar failed",
            "9" => "bar panicked",
            _ => "bar ok",
        };
        assert_eq!(bar.attribute("class"), Some(outcome), "call {index}");

        let of_row = |(_, y): &&(&str, f64)| (top..top + high).contains(y);
        let (thread, _) = threads.iter().find(of_row).expect("a name beside each row");
        // A thread runs one call at a time. The picture has one decimal.
        let free = free.insert(*thread, left + wide).unwrap_or(0.0);
        assert!(free <= left + 0.2 && left + wide <= width, "call {index} in {svg}");
        rows.entry((*thread).into()).or_default().insert(index.parse().unwrap());
    }
    assert_eq!(rows.len(), threads.len());
    rows
}

/// Checks the trace, and gives the calls of each thread.
fn check_trace(json: &str) -> Rows {
    let events: Vec<Value> = serde_json::from_str(json).unwrap();
    let of_kind = |kind: &'static str| events.iter().filter(move |event| event["ph"] == kind);
    let names: BTreeMap<u64, &str> = of_kind("M")
        .map(|event| (event["tid"].as_u64().unwrap(), event["args"]["name"].as_str().unwrap()))
        .collect();
    let calls = |kind| -> Vec<(u64, usize)> {
        let call = |event: &Value| {
            assert_eq!((&event["name"], &event["cat"]), (&"call".into(), &"pool_core".into()));
            let index = event["args"]["index"].as_str().unwrap();
            (event["tid"].as_u64().unwrap(), index.parse().unwrap())
        };
        let mut calls: Vec<_> = of_kind(kind).map(call).collect();
        calls.sort_unstable();
        calls
    };
    let begun = calls("B");
    assert_eq!(begun.len(), 10);
    assert_eq!(begun, calls("E"), "each call ends on its thread");
    let mut rows = Rows::new();
    for (thread, index) in begun {
        rows.entry(names[&thread].into()).or_default().insert(index);
    }
    rows
}
