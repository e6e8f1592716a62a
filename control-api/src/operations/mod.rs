//! For those who run it: health, readiness, metrics.

mod health;
mod metrics;

pub(crate) use self::metrics::{__path_show_metrics, show_metrics};
pub(crate) use health::{
    __path_show_health, __path_show_readiness, ReadinessCache, show_health, show_readiness,
};
