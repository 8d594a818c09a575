//! What `download` and `crawl` fetch: a small HTTP server on loopback.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::{iter, thread, time::Duration};

/// How long each of the ten pages lets its reader wait, in milliseconds: one answers late.
const WAITS: [u64; 10] = [120, 300, 60, 900, 200, 20, 250, 400, 90, 160];
const MISSING: usize = 8;
/// How many pages there are in the site.
const SITE: usize = 300;

/// Serves ten pages for as long as the process lives. Returns their URLs, and the sum of their waits.
pub fn pages() -> io::Result<(Vec<String>, Duration)> {
    let host = serve(|path| {
        let page = path.parse().ok().filter(|page| *page < WAITS.len()).unwrap_or(MISSING);
        thread::sleep(Duration::from_millis(WAITS[page]));
        (page != MISSING).then(|| "All work and no play. ".repeat(100 * (page + 1)))
    })?;
    let urls = (0..WAITS.len()).map(|page| format!("http://{host}/{page}")).collect();
    Ok((urls, Duration::from_millis(WAITS.iter().sum())))
}

/// Serves a site of 300 pages for as long as the process lives. Returns its URL. The first page is `/0`. Each page lets
/// its reader wait, and one that all link to is missing.
pub fn site(wait: Duration) -> io::Result<String> {
    let host = serve(move |path| {
        thread::sleep(wait);
        let page: usize = path.parse().ok().filter(|page| *page < SITE)?;
        let above = page.saturating_sub(1) / 3;
        let below = (3 * page + 1..=3 * page + 3).filter(|page| *page < SITE);
        let links = iter::once(above).chain(below).map(|page| page.to_string());
        Some(links.chain(["missing".into()]).map(|link| format!("<a href=\"/{link}\">")).collect())
    })?;
    Ok(format!("http://{host}"))
}

/// Answers each request with the text for its path, or says that there is none.
fn serve(text: impl Fn(&str) -> Option<String> + Copy + Send + 'static) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // A thread for each: no page may wait for another one's wait.
            thread::spawn(move || answer(connection, text));
        }
    });
    Ok(host)
}

fn answer(mut connection: TcpStream, text: impl Fn(&str) -> Option<String>) -> io::Result<()> {
    let mut head = BufReader::new(connection.try_clone()?).lines();
    // The first line is `GET /3 HTTP/1.1`, the last one is empty.
    let first = head.next().unwrap_or_else(|| Ok(String::new()))?;
    while head.next().transpose()?.is_some_and(|line| !line.is_empty()) {}

    let text = first.split(['/', ' ']).nth(2).and_then(text);
    let status = if text.is_some() { "200 OK" } else { "404 Not Found" };
    let text = text.unwrap_or_default();
    let length = text.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}
