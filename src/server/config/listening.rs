//! Error messages for an address that cannot be bound.

use std::{io, net::SocketAddr};

/// One sentence that names the variable and what to do.
#[must_use]
pub fn refused(variable: &str, address: SocketAddr, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or choose another port".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: choose one of its own, or 0.0.0.0 for all of them".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not listen there: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE"
                .to_owned()
        }
        _ => format!("the server cannot listen on it: {error}"),
    };
    format!("{variable} {address}: {why}")
}
