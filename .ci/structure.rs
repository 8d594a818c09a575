//! Checks the rooms of `pool-core`: each import names what it imports, and that stands in the same room or in one below
//! it; only `expand` of `pool-macros` quotes. The compiler sees to the rest: `unsafe` is expected in one room, and
//! fields are private to theirs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// From the lowest to the highest. The models stand outside: they see everything, and nothing sees them.
const ROOMS: [&str; 8] =
    ["base", "threads", "nesting", "batch", "api", "measure", "fleet", "__private"];

/// Rooms that know one other room alone, and beside it what any user of the crate does.
const GUESTS: [(&str, &str); 1] = [("fleet", "api")];

fn main() -> ExitCode {
    let [core, macros] =
        [1, 2].map(|n| PathBuf::from(env::args().nth(n).expect("two crates")).join("src"));
    let mut faults = Vec::new();
    for file in files(&core) {
        let inside =
            file.strip_prefix(&core).unwrap().to_string_lossy().replace("generated/", "__private/");
        let Some(floor) = ROOMS.iter().position(|room| inside.starts_with(&format!("{room}/")))
        else {
            continue;
        };
        for (number, line) in code(&file) {
            for glob in ["crate::{", "super::*"].into_iter().filter(|glob| line.contains(glob)) {
                faults.push(format!(
                    "{}:{number}: `{glob}` does not show what it imports",
                    file.display()
                ));
            }
            for path in line.split("crate::").skip(1) {
                let name: String =
                    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if ROOMS[floor + 1..].contains(&name.as_str()) {
                    faults.push(format!(
                        "{}:{number}: `{}` imports from `{name}`, which stands above it",
                        file.display(),
                        ROOMS[floor]
                    ));
                }
                let host = GUESTS.iter().find(|(guest, _)| *guest == ROOMS[floor]);
                if let Some((guest, host)) = host.filter(|(guest, host)| {
                    ROOMS.contains(&name.as_str()) && name != *guest && name != *host
                }) {
                    faults.push(format!(
                        "{}:{number}: `{guest}` imports from `{name}`, and may from `{host}` alone",
                        file.display()
                    ));
                }
            }
        }
    }
    for file in files(&macros).into_iter().filter(|file| !file.to_string_lossy().contains("expand"))
    {
        for (number, line) in code(&file).into_iter().filter(|(_, line)| line.contains("quote!")) {
            faults.push(format!(
                "{}:{number}: only `expand` quotes: {}",
                file.display(),
                line.trim()
            ));
        }
    }
    faults.iter().for_each(|fault| eprintln!("{fault}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The lines that are no comments, with their numbers.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    lines.map(|(number, line)| (number + 1, line.to_owned())).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => files(&path),
            Some(end) if end == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}
