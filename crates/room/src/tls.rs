//! Whom a `wss://` server's certificate may come from.

use crate::RoomError;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{fmt, sync::Arc};

/// The certificate authorities that are trusted. By default Mozilla's, as in a browser.
#[derive(Clone, Default)]
pub struct RootCertificates(Option<Arc<ClientConfig>>);

impl RootCertificates {
    /// Mozilla's, and those in `pem` (one or more `BEGIN CERTIFICATE` blocks): a company's own authority, or the
    /// one certificate of a server that signs for itself.
    ///
    /// # Errors
    /// `Certificate` when there is none in it, or one that cannot be read.
    pub fn with_pem(pem: &[u8]) -> Result<Self, RoomError> {
        let unreadable = |error: &dyn fmt::Display| RoomError::Certificate(error.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            roots.add(certificate).map_err(|error| unreadable(&error))?;
        }
        if roots.is_empty() {
            return Err(RoomError::Certificate("no BEGIN CERTIFICATE in it".into()));
        }
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| unreadable(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Some(Arc::new(config))))
    }

    /// For a connection; `None` for the usual ones.
    pub(crate) fn config(&self) -> Option<Arc<ClientConfig>> {
        self.0.clone()
    }
}

impl fmt::Debug for RootCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "RootCertificates(Mozilla's and others)"
        } else {
            "RootCertificates(Mozilla's)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told() {
        for pem in [
            &b""[..],
            b"hello",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let error = RootCertificates::with_pem(pem).unwrap_err();
            assert!(matches!(error, RoomError::Certificate(_)), "{error}");
        }
    }
}
