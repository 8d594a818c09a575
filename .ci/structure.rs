//! Checks what no lint checks: that no modules import each other in a circle, that none imports what `lib.rs` defines or
//! re-exports (which would hide a circle), and that `unsafe` stands in one file.
//!
//! Reads `crate::` and `super::` paths, without comments, literals, the unit tests at the end of a file, and the modules
//! that `lib.rs` declares for tests alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

type Graph = BTreeMap<String, BTreeSet<String>>;

fn main() {
    let (mut faults, mut with_unsafe) = (Vec::new(), Vec::new());
    for krate in env::args().skip(1) {
        let mut files = Vec::new();
        collect(&Path::new(&krate).join("src"), &mut files);
        assert!(!files.is_empty(), "no sources in {krate}/src");
        let files: Vec<(PathBuf, String)> = files
            .into_iter()
            .map(|file| (file.clone(), code(&fs::read_to_string(file).unwrap())))
            .collect();

        let modules: BTreeSet<String> =
            files.iter().filter_map(|(file, _)| module(&krate, file).first().cloned()).collect();
        let for_tests: BTreeSet<String> = files
            .iter()
            .filter(|(file, _)| module(&krate, file).is_empty())
            .flat_map(|(_, code)| test_items(code).map(|(_, item)| first_word(item)))
            .collect();
        let mut graph = Graph::new();
        for (file, code) in &files {
            let path = module(&krate, file);
            if has_unsafe(code) && path.first().is_none_or(|own| !for_tests.contains(own)) {
                with_unsafe.push(file.display().to_string());
            }
            let Some(own) = path.first().filter(|own| !for_tests.contains(*own)) else { continue };
            let code = without_tests(code);
            let up = "super::".repeat(path.len());
            for name in names_after(code, "crate::") {
                if !modules.contains(&name) {
                    faults.push(format!("{}: `crate::{name}` comes from lib.rs", file.display()));
                }
                graph.entry(own.clone()).or_default().insert(name);
            }
            graph.entry(own.clone()).or_default().extend(names_after(code, &up));
        }
        for imported in graph.values_mut() {
            imported.retain(|name| modules.contains(name));
        }
        let circles = circles(&graph);
        println!("{krate}: {} modules, {} circles", modules.len(), circles.len());
        faults.extend(
            circles.iter().map(|ring| format!("{krate}: {} -> {}", ring.join(" -> "), ring[0])),
        );
    }
    println!("`unsafe` stands in: {}", with_unsafe.join(", "));
    if with_unsafe.len() > 1 {
        faults.push("`unsafe` stands in more than one file".into());
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    process::exit(i32::from(!faults.is_empty()));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

/// `src/a/b.rs` is `[a, b]`, `src/a/mod.rs` is `[a]`, `src/lib.rs` is empty.
fn module(krate: &str, file: &Path) -> Vec<String> {
    let file = file.strip_prefix(Path::new(krate).join("src")).unwrap().with_extension("");
    let mut path: Vec<_> = file.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if path.last().is_some_and(|last| last == "lib" || last == "mod") {
        path.pop();
    }
    path
}

/// The source without comments, and without what stands in strings and characters.
fn code(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut code, mut i) = (String::new(), 0);
    while i < chars.len() {
        let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
        if at(i) == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if at(i) == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if at(i) == 'r' && at(i + 1 + hashes) == '"' && !code.ends_with(is_word) {
            let end: Vec<char> = format!("\"{}", "#".repeat(hashes)).chars().collect();
            i += hashes + 2;
            while i < chars.len() && !chars[i..].starts_with(&end) {
                i += 1;
            }
            i += end.len();
        } else if at(i) == '"' || at(i) == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            let quote = at(i);
            i += 1;
            while i < chars.len() && at(i) != quote {
                i += if at(i) == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else {
            code.push(at(i));
            i += 1;
        }
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a `mod` for tests alone begins, and what follows the word.
fn test_items(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = ["#[cfg(test)]", "#[cfg(all(test"].into_iter();
    starts.flat_map(|start| code.match_indices(start)).filter_map(|(at, _)| {
        let (_, item) = code[at..].split_once(']')?;
        Some((at, item.trim_start().strip_prefix("mod ")?))
    })
}

/// The code before the first unit tests that stand in the file itself.
fn without_tests(code: &str) -> &str {
    let inline = test_items(code)
        .filter(|(_, item)| item.trim_start_matches(is_word).trim_start().starts_with('{'));
    &code[..inline.map(|(at, _)| at).min().unwrap_or(code.len())]
}

/// The names that follow `prefix`, each branch of a group in braces with its own.
fn names_after(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = &code[..at];
        if before.ends_with(is_word) || before.ends_with("super::") {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(first_word(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' | ',' if depth == 0 => {
                    names.push(first_word(group[start..i].trim_start()));
                    start = i + 1;
                    if c == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names.retain(|name| !name.is_empty() && name != "self" && name != "super");
    names
}

fn first_word(text: &str) -> String {
    match text.strip_prefix('*') {
        Some(_) => "*".into(),
        None => text.chars().take_while(|c| is_word(*c)).collect(),
    }
}

fn has_unsafe(code: &str) -> bool {
    code.match_indices("unsafe").any(|(at, word)| {
        let after = code[at + word.len()..].trim_start();
        let starts = ["{", "(", "fn ", "impl", "trait ", "extern"];
        !code[..at].ends_with(is_word) && starts.iter().any(|start| after.starts_with(start))
    })
}

/// The shortest circle through each module, each circle once and from its first name on.
fn circles(graph: &Graph) -> BTreeSet<Vec<&str>> {
    let mut found = BTreeSet::new();
    for start in graph.keys() {
        let mut open = VecDeque::from([vec![start.as_str()]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = open.pop_front() {
            for next in graph.get(*way.last().unwrap()).into_iter().flatten() {
                if next == start && way.len() > 1 {
                    let mut ring = way.clone();
                    let first = (0..ring.len()).min_by_key(|i| ring[*i]).unwrap();
                    ring.rotate_left(first);
                    found.insert(ring);
                    open.clear();
                    break;
                }
                if next != start && seen.insert(next) {
                    open.push_back([&way[..], &[next.as_str()]].concat());
                }
            }
        }
    }
    found
}
