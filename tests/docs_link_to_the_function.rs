//! In a user's docs the function's name means the function, and the function's page names what stands beside it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const SOURCE: &str = r#"
//! See [`look`], [`look::map`], [look_up](crate::look), [`Client::fetch`] and [`Client::fetch_map`].
#![deny(missing_docs)]
use pool_core::concurrent;

/// Looks. See [`Client`] and [`look`].
#[concurrent]
pub fn look(#[shared] agent: &str, #[shared] _: u8, x: &str) -> usize {
    agent.len() + x.len()
}

/// Looks for `x`.
#[concurrent(companion = looks)]
pub fn look_for(x: u8) -> u8 {
    x
}

/// A client. See [`look`].
pub struct Client;

impl Client {
    /// Fetches. See [`look`] and [`Self::fetch_as_completed`].
    #[concurrent]
    pub fn fetch(&self, x: u8) -> u8 {
        x
    }
}
"#;

#[test]
fn docs_link_to_the_function() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    fs::create_dir_all(folder.join("src")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = root.join("pool-core");
    let manifest = format!(
        "[package]\nname = \"docs\"\nedition = \"2024\"\n[dependencies]\npool-core = {{ path = {library:?} }}\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::write(folder.join("src/lib.rs"), SOURCE).unwrap();

    for private in [None, Some("--document-private-items")] {
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["doc", "--offline", "--quiet", "--no-deps"])
            .args(private)
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env("RUSTDOCFLAGS", "-D warnings")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    let page = |name: &str| fs::read_to_string(folder.join("target/doc/docs").join(name)).unwrap();
    for call in [
        "map(agent, shared1, inputs)",
        "as_completed(agent, shared1, inputs)",
        "submit(agent, shared1, input)",
        "pool()",
    ] {
        assert!(page("fn.look.html").contains(&format!("<code>look::{call}</code>")), "{call}");
    }
    assert!(page("fn.look_for.html").contains("<code>looks::map(inputs)</code>"));
    assert!(page("struct.Client.html").contains("fetch_as_completed"));
}
