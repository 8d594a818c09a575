//! The picture is whole and its own, whether workers live or crash.
#![cfg(unix)]

use support::program::Program;

/// What the example prints at its end.
struct Summary {
    picture: Vec<String>,
    workers: usize,
    again: usize,
}

fn draw(arguments: &[&str]) -> Summary {
    let mut program = Program::start(env!("CARGO_BIN_EXE_fleet"), arguments);
    let lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(), Some(0), "{lines:#?}");

    let [crashes @ .., area, tiles, outcomes] = &lines[..] else { panic!("{lines:#?}") };
    let (crashes, picture) = crashes.split_at(crashes.len() - 32);
    assert_eq!(area, "294543 points are in the set, so its area is about 1.51");
    let workers = tiles.strip_prefix("tiles: 256, workers: ").expect(tiles).parse().unwrap();
    let outcomes = outcomes.strip_prefix("tried again: ").expect(outcomes);
    let (again, end) = outcomes.split_once(", ").unwrap();
    assert!(end.starts_with("failed: 0, "), "{end}");

    let again = again.parse().unwrap();
    assert_eq!(crashes.len(), again);
    for crash in crashes {
        let why = "the worker ended during the call: signal: 6 (SIGABRT)";
        assert!(crash.starts_with("Tile { ") && crash.contains(why), "{crash}");
    }
    Summary { picture: picture.to_vec(), workers, again }
}

#[test]
fn it_is_the_same_when_workers_crash() {
    let whole = draw(&[]);
    assert!((1..=4).contains(&whole.workers), "{}", whole.workers);
    assert_eq!(whole.again, 0);
    // The set lies on both sides of a line, and its heart is in it.
    assert!(whole.picture[..16].iter().eq(whole.picture[16..].iter().rev()));
    assert!(whole.picture[15].contains("@@@@@@@@@@@@@@@@@@@@"));

    // Each worker draws 19 tiles and crashes with the next one. At the end there are at most four that have not.
    let chaos = draw(&["--chaos"]);
    assert_eq!(chaos.picture, whole.picture);
    assert!((10..=13).contains(&chaos.again), "{}", chaos.again);
    assert!((chaos.again..=chaos.again + 4).contains(&chaos.workers), "{}", chaos.workers);
}

#[test]
fn a_worker_needs_to_know_its_server() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_fleet"), &["--worker"]);
    program.expect_error(
        "fleet: `--worker` needs a server: `--redis URL` (usage: fleet [--redis URL [--worker]] [--chaos])",
    );
    assert_eq!(program.wait(), Some(2));
}
