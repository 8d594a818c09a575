//! `crate` says what the library is called. Without it there is one error, at the attribute.

use crate::another_crate::AnotherCrate;

#[test]
fn the_dependency_may_have_another_name() {
    let renamed = AnotherCrate::with_dependency("renamed", "pc");
    let source = "
        pub struct Client;
        impl Client {
            #[pc::concurrent(crate = ::pc)]
            pub fn method(&self, x: &str) -> Option<usize> { Some(x.len()) }
        }
        #[pc::concurrent(crate = ::pc)]
        pub fn free(#[cfg_attr(all(), shared)] x: u8, y: u8) -> u8 { x + y }
        pub fn used() -> u8 { free::map(1, [1]).collect::<Vec<_>>()[0] }
    ";
    renamed.write("src/lib.rs", source);
    let output = renamed.cargo(&["check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let source = "#[pc::concurrent]\npub fn free(x: &str) -> Option<usize> { Some(x.len()) }";
    renamed.write("src/lib.rs", source);
    let output = renamed.cargo(&["check", "--message-format=short"]);
    let told = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<_> = told.lines().filter(|line| line.starts_with("src/lib.rs:")).collect();
    assert!(matches!(errors[..], [error] if error.contains("`pool_core`")), "{told}");
}
