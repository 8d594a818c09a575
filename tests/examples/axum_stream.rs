//! The example web server streams results over HTTP as they come, and runs no further call once the client has gone
//! away.

#[path = "../../examples/axum_stream/src/main.rs"]
#[allow(dead_code, reason = "the example's `main` is not this one")]
mod example;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use support::LIMIT;

fn serve() -> SocketAddr {
    let (address, addresses) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, example::app()).await.unwrap();
        });
    });
    addresses.recv_timeout(LIMIT).unwrap()
}

fn get(server: SocketAddr, path: &str) -> BufReader<TcpStream> {
    let mut client = TcpStream::connect(server).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    write!(client, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
    }
    reader
}

/// The lines of a body that comes in chunks, each of them one or more whole lines.
fn lines(body: &mut BufReader<TcpStream>, count: usize) -> Vec<u64> {
    // A chunk is its length, in hexadecimal digits, then its text, then an empty line.
    let mut lines = body.lines().map(|line| line.unwrap());
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let length = usize::from_str_radix(&lines.next().unwrap(), 16).unwrap();
        let text: String =
            lines.by_ref().take_while(|line| !line.is_empty()).map(|line| line + "\n").collect();
        assert_eq!(text.len(), length);
        numbers.extend(text.lines().map(|line| line.parse::<u64>().unwrap()));
    }
    numbers
}

/// One test, since both clients share the function's pool.
#[test]
fn it_streams_and_stops_when_the_client_goes_away() {
    let server = serve();
    let (mut first, mut second) = (get(server, "/primes/1000000"), get(server, "/primes/10"));
    assert_eq!(lines(&mut first, 3)[..3], [1_000_003, 1_000_033, 1_000_037]);
    assert_eq!(lines(&mut second, 3)[..3], [11, 13, 17]);

    // The inputs have no end: the pool is idle only when both batches have been dropped.
    let pool = example::is_prime::pool();
    drop(first);
    assert!(!lines(&mut second, 1_000).is_empty());
    drop(second);
    assert!(pool.wait_idle(LIMIT));
    let completed = pool.stats().completed;
    assert!(completed > 1_000);

    // The next client is served.
    assert_eq!(lines(&mut get(server, "/primes/2"), 4)[..4], [2, 3, 5, 7]);
    assert!(pool.wait_idle(LIMIT));
    assert!(pool.stats().completed > completed);
}
