//! A shell script that runs a server and ends it by its id when the script's standard input closes.
//!
//! The input closes with the test process, even when that is killed: so no server outlives its test.

use std::process::{Child, Command};

/// A running script. Dropping it ends the server and waits for the end.
#[derive(Debug)]
pub(crate) struct Supervisor(Child);

impl Supervisor {
    /// `command` runs the script, with its standard input piped.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().expect("sh starts"))
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
