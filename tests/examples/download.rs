//! The download example keeps its word as a program: a line for each URL as it finishes, whatever becomes of the
//! others, one summary, and an exit status that a script can use.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Barrier, LazyLock, Mutex};
use std::time::Duration;
use std::{env, thread};
use support::Gate;

/// No server listens there.
const REFUSED: &str = "http://127.0.0.1:1/refused";

#[test]
fn each_url_has_its_line_as_it_finishes_and_fails_alone() {
    static RELEASED: LazyLock<Gate> = LazyLock::new(Gate::default);
    let host = serve(|path, mut connection| match path {
        "/missing" => send(&mut connection, "404 Not Found", "nothing here"),
        "/closes" => {}
        "/half" => {
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfive ").unwrap();
        }
        "/half-chunk" => {
            connection
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive ")
                .unwrap();
        }
        "/late" => {
            RELEASED.wait();
            send(&mut connection, "200 OK", "late");
        }
        _ => send(&mut connection, "200 OK", "twelve bytes"),
    });
    let url = |path: &str| format!("http://{host}/{path}");
    let good: Vec<String> = (0..8).map(|page| url(&format!("page/{page}"))).collect();
    let bad = ["missing", "closes", "half", "half-chunk"].map(url);

    let mut child = start(
        // The late one comes first, and must not hold back the others.
        [url("late"), REFUSED.into()].iter().chain(&good).chain(&bad),
    );
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let others: Vec<String> = lines.by_ref().take(13).map(Result::unwrap).collect();
    for url in &good {
        let line = the_line_of(url, &others);
        assert!(line.starts_with("200 ") && line.contains(" 12 bytes"), "{line}");
    }
    for url in bad.iter().map(String::as_str).chain([REFUSED]) {
        let line = the_line_of(url, &others);
        assert!(line.starts_with(&format!("{url}: ")), "{line}");
    }
    assert!(the_line_of(&url("missing"), &others).contains("404"));
    assert!(the_line_of(REFUSED, &others).contains("refused"));

    RELEASED.open();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert!(rest[0].ends_with("/late"), "{rest:?}");
    assert_eq!(rest[1], "9 ok, 5 failed");
    let end = child.wait_with_output().unwrap();
    assert_eq!(end.status.code(), Some(1));
    assert_eq!(text(&end.stderr), "", "no bar where standard error is no terminal");
}

#[test]
fn the_exit_status_is_0_where_every_url_is_there() {
    let host = serve(|_, mut connection| send(&mut connection, "200 OK", ""));
    let end = run([format!("http://{host}/1"), format!("http://{host}/2")]);
    assert_eq!(text(&end.stdout).lines().last(), Some("2 ok, 0 failed"));
    assert_eq!(text(&end.stdout).lines().count(), 3);
    assert_eq!(end.status.code(), Some(0));
}

#[test]
fn without_urls_it_shows_ten_pages_in_both_orders() {
    let end = run::<&str>([]);
    let output = text(&end.stdout);
    let pages: Vec<&str> = output.lines().filter_map(|line| line.split("http://").nth(1)).collect();
    // `127.0.0.1:4000/3`, and of the missing page `127.0.0.1:4000/8: http status: 404`.
    let numbers: Vec<&str> =
        pages.iter().map(|page| page.split(['/', ':']).nth(2).unwrap()).collect();
    let all: Vec<String> = (0..10).map(|page: u32| page.to_string()).collect();
    assert_eq!(numbers.len(), 20, "{output}");
    assert_eq!(numbers[..10], all);
    assert_eq!(numbers[10..].iter().collect::<BTreeSet<_>>().len(), 10, "{output}");
    assert_eq!(output.lines().last(), Some("9 ok, 1 failed"));
    assert_eq!(end.status.code(), Some(0), "one page is missing on purpose");
}

#[test]
fn j_sets_the_workers_above_the_cap_of_the_function_too() {
    static ARRIVED: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(40));
    let host = serve(|_, mut connection| {
        ARRIVED.wait();
        send(&mut connection, "200 OK", "all at once");
    });
    let urls = (0..40).map(|page| format!("http://{host}/{page}"));
    let end = run(["-j".into(), "40".into()].into_iter().chain(urls));
    assert_eq!(text(&end.stdout).lines().last(), Some("40 ok, 0 failed"));
}

#[test]
fn j_sets_the_workers_below_the_cap_of_the_function_too() {
    // Requests that have come and are not answered: the answer is sent after its request is struck out.
    static OPEN: Mutex<usize> = Mutex::new(0);
    let host = serve(|path, mut connection| {
        let now = {
            let mut open = OPEN.lock().unwrap();
            *open += 1;
            *open
        };
        // Time for a second request to come, which must not.
        thread::sleep(Duration::from_millis(20));
        *OPEN.lock().unwrap() -= 1;
        send(&mut connection, if now > 1 { "500 Two At Once" } else { "200 OK" }, path);
    });
    let urls = (0..6).map(|page| format!("http://{host}/{page}"));
    let end = run(["-j1".into()].into_iter().chain(urls));
    assert_eq!(text(&end.stdout).lines().last(), Some("6 ok, 0 failed"));
}

#[test]
fn a_silent_server_is_given_up() {
    static NEVER: LazyLock<Gate> = LazyLock::new(Gate::default);
    let host = serve(|path, mut connection| {
        if path == "/stalls" {
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfive ").unwrap();
        }
        NEVER.wait();
    });
    let end = run([format!("http://{host}/silent"), format!("http://{host}/stalls")]);
    let output = text(&end.stdout);
    assert_eq!(output.lines().filter(|line| line.contains(": timeout")).count(), 2, "{output}");
    assert_eq!(output.lines().last(), Some("0 ok, 2 failed"));
    assert_eq!(end.status.code(), Some(1));
}

#[test]
fn a_bad_argument_is_told_in_one_line() {
    let bad: [&[&str]; 9] = [
        &["-j"],
        &["-j", "0"],
        &["-j", "many"],
        &["-j", "-1"],
        &["-x"],
        &["--jobs", "3"],
        &["example.org"],
        &["ftp://example.org/"],
        // One bad argument, and nothing is downloaded.
        &[REFUSED, "http://"],
    ];
    for arguments in bad {
        let end = run(arguments);
        assert_eq!(end.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&end.stdout), "", "{arguments:?}");
        assert_eq!(text(&end.stderr).lines().count(), 1, "{arguments:?}: {}", text(&end.stderr));
        assert!(text(&end.stderr).starts_with("download: "), "{}", text(&end.stderr));
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    use std::net::Shutdown;
    use std::os::{fd::OwnedFd, unix::net::UnixStream};

    static LEFT: LazyLock<Gate> = LazyLock::new(Gate::default);
    let host = serve(|path, mut connection| {
        if path != "/first" {
            LEFT.wait();
        }
        send(&mut connection, "200 OK", path);
    });
    // A socket instead of a pipe: it can be shut while a process that another test starts still holds a copy of it.
    let (reader, writer) = UnixStream::pair().unwrap();
    let urls = [format!("http://{host}/first"), format!("http://{host}/second")];
    let child = command(urls).stdout(OwnedFd::from(writer)).spawn().unwrap();
    BufReader::new(&reader).read_line(&mut String::new()).unwrap();
    reader.shutdown(Shutdown::Both).unwrap();
    LEFT.open();
    let end = child.wait_with_output().unwrap();
    assert_eq!(text(&end.stderr), "");
    assert_eq!(end.status.code(), Some(1));
}

/// Serves on loopback for as long as the process lives. Each connection is one request, and has a thread of its own.
fn serve(answer: fn(&str, TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let connection = connection.unwrap();
            thread::spawn(move || {
                let mut lines = BufReader::new(&connection).lines().map(Result::unwrap);
                let Some(first) = lines.next() else { return };
                assert!(lines.any(|line| line.is_empty()), "a request that ends in its head");
                answer(first.split(' ').nth(1).unwrap(), connection.try_clone().unwrap());
            });
        }
    });
    host
}

fn send(connection: &mut TcpStream, status: &str, text: &str) {
    let length = text.len();
    // A program that has ended reads no answer.
    let _ = write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
}

fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    start(arguments).wait_with_output().unwrap()
}

fn start<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Child {
    command(arguments).spawn().unwrap()
}

fn command<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_download"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in env::vars_os() {
        // The servers are on this machine, whatever stands between it and the others.
        if name.to_string_lossy().to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command
}

/// The one line about `url`.
fn the_line_of<'a>(url: &str, lines: &'a [String]) -> &'a str {
    let about = |line: &&String| line.ends_with(url) || line.starts_with(&format!("{url}: "));
    match lines.iter().filter(about).collect::<Vec<_>>()[..] {
        [line] => line,
        _ => panic!("not one line about {url} in {lines:?}"),
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
