//! In a user's docs the function's name means the function, and the function's page names what stands beside it.

use crate::another_crate::AnotherCrate;

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

    /// Fetches as it did before.
    #[concurrent]
    #[doc(hidden, alias = "get")]
    pub fn fetch_old(&self, x: u8) -> u8 {
        x
    }
}
"#;

#[test]
fn docs_link_to_the_function() {
    let docs = AnotherCrate::new("docs");
    docs.write("src/lib.rs", SOURCE);
    for private in [Some("--document-private-items"), None] {
        let arguments: Vec<&str> = ["doc", "--no-deps"].into_iter().chain(private).collect();
        let output = docs.cargo(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    for call in [
        "map(agent, shared1, inputs)",
        "as_completed(agent, shared1, inputs)",
        "submit(agent, shared1, input)",
        "pool()",
    ] {
        assert!(
            docs.page("docs/fn.look.html").contains(&format!("<code>look::{call}</code>")),
            "{call}"
        );
    }
    assert!(docs.page("docs/fn.look_for.html").contains("<code>looks::map(inputs)</code>"));
    let client = docs.page("docs/struct.Client.html");
    assert!(client.contains("fetch_as_completed") && !client.contains("fetch_old"));
}
