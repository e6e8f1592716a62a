//! The migrations are compiled into the crate; a changed file rebuilds it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
