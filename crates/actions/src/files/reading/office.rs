//! Word and PowerPoint: XML within a ZIP archive (ECMA-376).

use super::{Unreadable, limits::Limits};
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use std::io::{BufReader, Cursor, Read};
use zip::{ZipArchive, result::ZipError};

/// As much XML is read of a file, in bytes. An archive of a few kilobytes may unfold to gigabytes.
const MOST_XML: u64 = 32 * 1024 * 1024;
/// Slides that are read.
const MOST_SLIDES: usize = 200;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

pub(super) fn text(bytes: &[u8], limits: &Limits) -> Result<String, Unreadable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    let (mut text, mut left) = (String::new(), MOST_XML);
    if archive.index_for_name("word/document.xml").is_some() {
        part(
            &mut archive,
            "word/document.xml",
            &mut left,
            limits,
            &mut text,
        )?;
        return Ok(text);
    }
    for slide in 1..=MOST_SLIDES {
        let name = format!("ppt/slides/slide{slide}.xml");
        if archive.index_for_name(&name).is_none() || limits.is_enough(text.len()) {
            break;
        }
        part(&mut archive, &name, &mut left, limits, &mut text)?;
    }
    if text.is_empty() && archive.index_for_name("ppt/presentation.xml").is_none() {
        return Err(Unreadable::Damaged);
    }
    Ok(text)
}

/// Adds the text of one part. Word and PowerPoint call runs, paragraphs, breaks and tabs alike, each in a namespace of
/// its own: `w:t` and `a:t`.
fn part(
    archive: &mut Archive<'_>,
    name: &str,
    left: &mut u64,
    limits: &Limits,
    text: &mut String,
) -> Result<(), Unreadable> {
    let entry = archive.by_name(name).map_err(|error| match error {
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            Unreadable::Protected
        }
        _ => Unreadable::Damaged,
    })?;
    let mut reader = Reader::from_reader(BufReader::new(entry.take(*left)));
    let mut buffer = Vec::new();
    let mut is_run = false;
    let read = loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        match event {
            Ok(Event::Start(element)) => is_run = element.local_name().as_ref() == b"t",
            Ok(Event::End(element)) => {
                is_run = false;
                match element.local_name().as_ref() {
                    b"p" => text.push('\n'),
                    b"tc" => text.push('\t'),
                    _ => {}
                }
            }
            Ok(Event::Empty(element)) => match element.local_name().as_ref() {
                b"br" | b"cr" => text.push('\n'),
                b"tab" => text.push('\t'),
                _ => {}
            },
            Ok(Event::Text(run)) if is_run => match run.decode() {
                Ok(run) => text.push_str(&run),
                Err(_) => break Err(Unreadable::Damaged),
            },
            Ok(Event::GeneralRef(reference)) if is_run => {
                // What a document declares itself is never unfolded.
                if let Ok(Some(letter)) = reference.resolve_char_ref() {
                    text.push(letter);
                } else if let Ok(name) = reference.decode() {
                    text.push_str(resolve_predefined_entity(&name).unwrap_or_default());
                }
            }
            Ok(Event::Eof) => break Ok(()),
            Ok(_) => {}
            Err(_) => break Err(Unreadable::Damaged),
        }
        if limits.is_enough(text.len()) {
            return Ok(());
        }
    };
    let unread = reader.into_inner().into_inner().limit();
    *left = unread;
    // At the bound it looks cut; it is not damaged then.
    if unread == 0 {
        return Err(Unreadable::TooComplex);
    }
    read
}
