//! The pages that `download` fetches when it is given none: a small HTTP server on loopback.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{thread, time::Duration};

/// How long each page lets its reader wait, in milliseconds: one answers late.
const WAITS: [u64; 10] = [120, 300, 60, 900, 200, 20, 250, 400, 90, 160];
const MISSING: usize = 8;

/// Serves ten pages for as long as the process lives. Returns their URLs, and the sum of their waits.
pub fn start() -> io::Result<(Vec<String>, Duration)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // A thread for each: no page may wait for another one's wait.
            thread::spawn(|| serve(connection));
        }
    });
    let urls = (0..WAITS.len()).map(|page| format!("http://{host}/{page}")).collect();
    Ok((urls, Duration::from_millis(WAITS.iter().sum())))
}

fn serve(mut connection: TcpStream) -> io::Result<()> {
    let mut head = BufReader::new(connection.try_clone()?).lines();
    // The first line is `GET /3 HTTP/1.1`, the last one is empty.
    let first = head.next().unwrap_or_else(|| Ok(String::new()))?;
    while head.next().transpose()?.is_some_and(|line| !line.is_empty()) {}

    let page = first.split(['/', ' ']).nth(2).and_then(|page| page.parse().ok());
    let page = page.filter(|page| *page < WAITS.len()).unwrap_or(MISSING);
    thread::sleep(Duration::from_millis(WAITS[page]));
    let (status, text) = match page {
        MISSING => ("404 Not Found", String::new()),
        page => ("200 OK", "All work and no play. ".repeat(100 * (page + 1))),
    };
    let length = text.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}
