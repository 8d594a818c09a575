use pool_core::concurrent;
use std::io;
use std::net::TcpStream;

struct Page;

#[concurrent(fleet)]
fn page(url: &str) -> Page {
    let _ = url;
    Page
}

#[concurrent(fleet)]
fn read(path: &str) -> io::Result<String> {
    std::fs::read_to_string(path)
}

#[concurrent(fleet)]
fn store(page: &Page, url: &str) -> usize {
    let _ = page;
    url.len()
}

#[concurrent(fleet)]
fn send(bytes: Vec<u8>, stream: &TcpStream) -> Result<usize, String> {
    let _ = stream;
    Ok(bytes.len())
}

fn main() {}
