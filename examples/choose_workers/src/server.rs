//! A small HTTP server on loopback: it works on twelve pages at once, for 10 ms each.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

static FREE: (Mutex<u32>, Condvar) = (Mutex::new(12), Condvar::new());

/// Serves pages for as long as the process lives.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(|| serve(connection));
        }
    });
    Ok(host)
}

/// Answers each request of a connection.
fn serve(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    // An empty line ends each request.
    while let Some(line) = lines.next().transpose()? {
        if line.is_empty() {
            page();
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        }
    }
    Ok(())
}

fn page() {
    let (free, freed) = &FREE;
    let mut places = freed.wait_while(free.lock().unwrap(), |places| *places == 0).unwrap();
    *places -= 1;
    drop(places);
    thread::sleep(Duration::from_millis(10));
    *free.lock().unwrap() += 1;
    freed.notify_one();
}
