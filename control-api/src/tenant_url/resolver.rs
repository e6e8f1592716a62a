//! Names to addresses, for connections to where a tenant wants.
//!
//! The addresses that are checked here are those that the connection is made to: there is no second look-up that a
//! name's owner could answer differently.

use super::{TenantUrlError, address::is_public};
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

/// Longest time of a look-up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How a name is looked up: the system's way, but in tests.
pub(super) type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Looks names up, and lets only those pass whose every address is public.
#[derive(Clone)]
pub(super) struct CheckedResolver {
    lookup: Lookup,
    allows_private: bool,
}

impl fmt::Debug for CheckedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedResolver")
            .field("allows_private", &self.allows_private)
            .finish_non_exhaustive()
    }
}

impl CheckedResolver {
    pub(super) fn new(lookup: Lookup, allows_private: bool) -> Self {
        Self {
            lookup,
            allows_private,
        }
    }

    pub(super) fn system(allows_private: bool) -> Self {
        let lookup = |host: String| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
        };
        Self::new(Arc::new(lookup), allows_private)
    }

    pub(super) fn allows_private(&self) -> bool {
        self.allows_private
    }

    /// The name's addresses. One that is not public condemns the name: its owner plays games.
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, TenantUrlError> {
        let looked_up = tokio::time::timeout(LOOKUP_TIMEOUT, (self.lookup)(host.to_owned())).await;
        let Ok(Ok(addresses)) = looked_up else {
            return Err(TenantUrlError::Unresolved);
        };
        if addresses.is_empty() {
            return Err(TenantUrlError::Unresolved);
        }
        if !self.allows_private && !addresses.iter().all(|address| is_public(address.ip())) {
            return Err(TenantUrlError::Private);
        }
        Ok(addresses)
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
