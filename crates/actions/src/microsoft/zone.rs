//! Time zones as Microsoft names them.

use jiff::tz::TimeZone;
use windows_timezones::WindowsTimezone;

/// The zone of a name of Windows' ("W. Europe Standard Time") or of the tz database ("Europe/Berlin"). `None` for
/// `tzone://Microsoft/Custom` and the like.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    let known = name.parse::<WindowsTimezone>();
    let name = known.map_or(name, |zone| zone.tzdb_id());
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::zone;

    #[test]
    fn windows_names_are_understood() {
        for (name, expected) in [
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("Pacific Standard Time", Some("America/Los_Angeles")),
            ("India Standard Time", Some("Asia/Calcutta")),
            ("Europe/Paris", Some("Europe/Paris")),
            ("UTC", Some("Etc/UTC")),
            ("tzone://Microsoft/Custom", None),
            ("", None),
        ] {
            let zone = zone(name);
            let found = zone.as_ref().and_then(|zone| zone.iana_name());
            assert_eq!(found, expected, "{name}");
        }
    }
}
