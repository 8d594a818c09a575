//! What the commands are: they print, print much, fail, or take a minute.

use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

/// The first argument of this program where it is a command.
pub(crate) const MARK: &str = "--act";

/// The words of a command.
pub(crate) fn words(index: usize) -> String {
    match index % 10 {
        3 => format!("exit {index}"),
        6 => "sleep 60".into(),
        9 => "count 20000".into(),
        _ => format!("greet {index}"),
    }
}

/// Does what the words say.
pub(crate) fn act(words: &[String]) -> ! {
    let [verb, number] = words else { panic!("a verb and a number: {words:?}") };
    let number: u32 = number.parse().expect("a number");
    match &**verb {
        "greet" => {
            sleep(Duration::from_millis(20));
            println!("hello from {number}");
        }
        // More than a pipe holds.
        "count" => print!("{}", (1..=number).map(|n| format!("{n}\n")).collect::<String>()),
        "sleep" => sleep(Duration::from_secs(number.into())),
        "exit" => {
            eprintln!("failed on purpose");
            exit(number as i32)
        }
        _ => panic!("no such verb: {verb}"),
    }
    exit(0)
}
