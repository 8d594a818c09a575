//! Measures real waits: HTTP on loopback, and files.

use super::{collect, collectors, microseconds, to_ideal, wait};
use crate::measure::{Contender, Experiment, Figure};
use crate::peers::Collect;
use crate::process::Usage;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const WAIT: Duration = Duration::from_millis(10);
pub(super) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
pub(super) const PAGE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

pub(super) fn experiments() -> Vec<Experiment> {
    vec![http(), files()]
}

fn http() -> Experiment {
    let (workers, inputs) = (32, 640_usize);
    let ideal = WAIT * inputs.div_ceil(workers) as u32;
    Experiment {
        name: "http/32".into(),
        job: format!(
            "{inputs} GETs from a server on loopback that waits 10 ms, N = {workers}: wall ÷ {} ms",
            ideal.as_millis()
        ),
        figures: vec![Figure::new("wall", "× ideal")],
        rounds: (0, 5),
        warm_up: true,
        contenders: Box::new(move || {
            let call =
                wait(|_| assert!(get(server(WAIT)).is_ok_and(|page| page == PAGE), "the page"));
            collectors!(to_ideal(workers, inputs, ideal, &call))
        }),
    }
}

/// One that lets each client wait so long: started once, with more threads than any contender has connections; ends with the process.
pub(super) fn server(wait: Duration) -> SocketAddr {
    static SERVERS: Mutex<BTreeMap<Duration, SocketAddr>> = Mutex::new(BTreeMap::new());
    let mut servers = SERVERS.lock().expect("nothing panics with it");
    *servers.entry(wait).or_insert_with(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        let listener = Arc::new(listener);
        for _ in 0..64 {
            let listener = listener.clone();
            thread::spawn(move || {
                loop {
                    // A client that went away is no reason to stop.
                    _ = listener.accept().and_then(|(connection, _)| serve(connection, wait));
                }
            });
        }
        address
    })
}

fn serve(mut connection: TcpStream, wait: Duration) -> io::Result<()> {
    let (mut request, mut length) = ([0; 512], 0);
    while !request[..length].ends_with(b"\r\n\r\n") {
        match connection.read(&mut request[length..])? {
            0 => return Ok(()),
            more => length += more,
        }
    }
    if !wait.is_zero() {
        thread::sleep(wait);
    }
    connection.write_all(PAGE.as_bytes())
}

pub(super) fn get(server: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect(server)?;
    connection.write_all(REQUEST)?;
    let mut page = String::new();
    connection.read_to_string(&mut page)?;
    Ok(page)
}

pub(super) const FILES: usize = 5_000;
pub(super) const BYTES: usize = 4_096;

fn files() -> Experiment {
    let workers = 8;
    Experiment {
        name: "files/8".into(),
        job: format!("{FILES} files of {BYTES} bytes read, cached by the system, N = {workers}"),
        figures: vec![Figure::new("wall", "µs a file"), Figure::new("cpu", "µs a file")],
        rounds: (0, 5),
        warm_up: true,
        contenders: Box::new(move || {
            let folder = Arc::new(Folder::new());
            let mut contenders = collectors!(reading(workers, &folder));
            contenders.push(Contender::new("one thread", move || {
                let before = Usage::now();
                (0..FILES).for_each(|file| folder.read(file));
                let used = before.since();
                vec![microseconds(used.wall) / FILES as f64, microseconds(used.cpu) / FILES as f64]
            }));
            contenders
        }),
    }
}

fn reading<P: Collect>(workers: usize, folder: &Arc<Folder>) -> impl FnMut() -> Vec<f64> + use<P> {
    let (peer, folder) = (P::new(workers), folder.clone());
    let call = wait(move |file| folder.read(file));
    move || {
        let before = Usage::now();
        let wall = collect(&peer, FILES, &call);
        let cpu = before.since().cpu;
        vec![microseconds(wall) / FILES as f64, microseconds(cpu) / FILES as f64]
    }
}

/// Full of files, and removed at the end.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("bench-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for files");
        let folder = Self(folder);
        for file in 0..FILES {
            fs::write(folder.path(file), [b'.'; BYTES]).expect("a file");
        }
        folder
    }

    fn path(&self, file: usize) -> PathBuf {
        self.0.join(file.to_string())
    }

    pub(super) fn look(&self, file: usize) {
        assert_eq!(fs::metadata(self.path(file)).expect("a file").len(), BYTES as u64);
    }

    pub(super) fn read(&self, file: usize) {
        assert_eq!(fs::read(self.path(file)).expect("a file").len(), BYTES);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
