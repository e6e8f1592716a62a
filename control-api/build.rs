//! The web app is embedded: a new build of it is a reason to build again.
fn main() {
    println!("cargo::rerun-if-changed=../web/dist");
}
