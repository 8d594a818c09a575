//! The service on loopback: it takes 50 requests a second, and has bad days.
//!
//! - It answers more requests with 429 and `Retry-After`. After the fiftieth of each two hundred, another client takes
//!   the next 40 turns, so the request that follows gets a 429 for certain.
//! - The first attempt at every tenth order, from 5 on, gives 500.
//! - The orders 4 and 44 do not exist. The orders 3, 13 and 23 never get an answer.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

/// The time of one request at 50 a second.
const TURN: Duration = Duration::from_millis(20);
/// How many requests may come at once.
const BURST: u32 = 10;
/// How long the service works on an order.
const WORK: Duration = Duration::from_millis(50);

struct Service {
    /// When the turns that were taken are over.
    taken_until: Instant,
    /// How many there were. Those of the other client count as one.
    turns: u32,
    /// The orders that were asked for before.
    seen: HashSet<u32>,
}

/// Serves orders for as long as the process lives. Returns the URL that the number of an order follows.
pub(crate) fn start() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/orders/", listener.local_addr()?);
    let service = Service { taken_until: Instant::now(), turns: 0, seen: HashSet::new() };
    let service = Arc::new(Mutex::new(service));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let service = service.clone();
            thread::spawn(move || serve(connection, &service));
        }
    });
    Ok(url)
}

/// Answers the requests of one connection until the client closes it.
fn serve(mut connection: TcpStream, service: &Mutex<Service>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    // The first line is `GET /orders/7 HTTP/1.1`, the last one is empty.
    while let Some(first) = lines.next().transpose()? {
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let id = first.split(['/', ' ']).nth(3).and_then(|id| id.parse().ok()).unwrap_or(0);
        let answer = service.lock().unwrap().ask(id);
        let Some((status, header)) = answer else { continue };
        let mut body = json!({ "error": status }).to_string();
        if status == "200 OK" {
            thread::sleep(WORK);
            body = json!({ "id": id, "items": id % 7 + 1, "total": 5 * id }).to_string();
        }
        let length = body.len();
        write!(
            connection,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{header}\r\n{body}"
        )?;
    }
    Ok(())
}

impl Service {
    /// Returns the status and a further header, or `None` where there is no answer.
    fn ask(&mut self, id: u32) -> Option<(&'static str, String)> {
        let now = Instant::now();
        if self.turns % 200 == 50 {
            self.turns += 1;
            self.taken_until = now + TURN * 40;
        }
        let taken_until = self.taken_until.max(now - TURN * BURST);
        if taken_until > now {
            let seconds = (taken_until - now).as_secs() + 1;
            return Some(("429 Too Many Requests", format!("Retry-After: {seconds}\r\n")));
        }
        self.turns += 1;
        self.taken_until = taken_until + TURN;
        let status = match id {
            3 | 13 | 23 => return None,
            4 | 44 => "404 Not Found",
            _ if self.seen.insert(id) && id % 10 == 5 => "500 Internal Server Error",
            _ => "200 OK",
        };
        Some((status, String::new()))
    }
}
