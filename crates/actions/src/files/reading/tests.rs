//! What is read of files, good and bad.

use super::{Content, Text, Unreadable, format::Format, limits::LONGEST_TEXT, read_within, text};
use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;
use std::{io::Write as _, time::Duration};
use zip::{ZipWriter, write::SimpleFileOptions};

async fn read(mime_type: &str, bytes: &[u8]) -> Result<String, Unreadable> {
    let content = Content {
        mime_type: mime_type.to_owned(),
        bytes: bytes.to_vec().into(),
    };
    text(content, "file").await.map(|read| read.text)
}

/// A stream of a PDF.
fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let mut stream = format!("<<{dictionary}/Length {}>>stream\n", content.len()).into_bytes();
    stream.extend_from_slice(content);
    stream.extend_from_slice(b"\nendstream");
    stream
}

fn unfolding_to(content: &[u8], dictionary: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    stream(
        &format!("{dictionary}/Filter/FlateDecode"),
        &encoder.finish().unwrap(),
    )
}

/// A PDF of one page with this content; more objects stand behind it.
fn pdf(content: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_vec(),
        content,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
    ];
    objects.extend_from_slice(more);
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut index = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        index = format!("{index}{:010} 00000 n \n", file.len());
        file.extend_from_slice(format!("{} 0 obj\n", number + 1).as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let end = format!(
        "{index}trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF\n",
        objects.len() + 1,
        file.len()
    );
    file.extend_from_slice(end.as_bytes());
    file
}

fn drawn(operators: &str) -> Vec<u8> {
    pdf(stream("", operators.as_bytes()), &[])
}

/// An Office file of these parts.
fn office(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, xml) in parts {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(xml.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const POWERPOINT: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";

#[tokio::test]
async fn texts_are_read_in_the_encodings_they_come_in() {
    for (mime_type, bytes, expected) in [
        ("text/plain", &b"Gr\xc3\xbc\xc3\x9fe"[..], "Grüße"),
        ("text/plain", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain", b"\xff\xfeG\0o\0", "Go"),
        ("text/csv", b"a,b\r\n1,2\r\n", "a,b\n1,2"),
        (
            "text/html",
            b"<h1>Hi</h1><script>x</script><p>you",
            "Hi\nyou",
        ),
        ("text/markdown", b"# Hi\n\n\n\n  you  ", "# Hi\n\nyou"),
    ] {
        assert_eq!(read(mime_type, bytes).await.as_deref(), Ok(expected));
    }
}

#[tokio::test]
async fn a_pdf_is_read_line_by_line() {
    for (operators, expected) in [
        (
            "BT /F1 12 Tf 72 720 Td (Sales report) Tj 0 -14 Td (Sales rose by 4%) Tj ET",
            "Sales report\nSales rose by 4%",
        ),
        (
            "BT /F1 12 Tf 14 TL 72 720 Td (One) Tj T* (Two) Tj (Three) ' ET",
            "One\nTwo\nThree",
        ),
        (
            "BT /F1 12 Tf 1 0 0 1 72 720 Tm [(H) 20 (ello) -300 (world)] TJ ET \
             BT 1 0 0 1 200 720 Tm (again) Tj ET",
            "Hello world again",
        ),
        (
            "BT /F1 12 Tf (Gr\\374\\337e \\(caf\\351\\)) Tj ET",
            "Grüße (café)",
        ),
    ] {
        assert_eq!(
            read("application/pdf", &drawn(operators)).await.as_deref(),
            Ok(expected)
        );
    }
    // A damaged stream of objects costs what is in it.
    let packed = unfolding_to(b"BT /F1 9 Tf (packed) Tj ET", "");
    let broken = stream("/Type/ObjStm/N 1/First 4/Filter/ASCIIHexDecode", b"xyz");
    let rest = read("application/pdf", &pdf(packed.clone(), &[broken])).await;
    assert_eq!(rest.as_deref(), Ok("packed"));
    let read = read("application/octet-stream", &pdf(packed, &[])).await;
    assert_eq!(read.as_deref(), Ok("packed"));
}

#[tokio::test]
async fn word_and_powerpoint_are_read() {
    let document = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>Fish &amp; chips</w:t><w:tab/><w:t>&#8364;5</w:t>\
                    </w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>A1</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
                    <w:p><w:r><w:delText>gone</w:delText><w:instrText>PAGE</w:instrText></w:r></w:p></w:body></w:document>";
    let read_word = read(WORD, &office(&[("word/document.xml", document)])).await;
    assert_eq!(read_word.as_deref(), Ok("Fish & chips\t€5\nA1"));
    let slide = |text: &str| format!("<p:sld><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>");
    let slides = office(&[
        ("ppt/presentation.xml", "<p/>"),
        ("ppt/slides/slide2.xml", &slide("Second")),
        ("ppt/slides/slide1.xml", &slide("First")),
    ]);
    let read = read(POWERPOINT, &slides).await;
    assert_eq!(read.as_deref(), Ok("First\nSecond"));
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let encrypted = drawn("BT /F1 9 Tf (x) Tj ET");
    let encrypted = String::from_utf8(encrypted).unwrap();
    let encrypted = encrypted.replace("/Root 1 0 R", "/Root 1 0 R/Encrypt 9 0 R");
    let cut = drawn("BT /F1 9 Tf (x) Tj ET");
    let cut_word = office(&[("word/document.xml", "<w:p><w:t>x</w:t></w:p>")]);
    for (mime_type, bytes, expected) in [
        (
            "application/pdf",
            encrypted.as_bytes(),
            Unreadable::Protected,
        ),
        (
            "application/pdf",
            b"%PDF-1.7\nnothing of it",
            Unreadable::Damaged,
        ),
        ("application/pdf", b"no PDF at all", Unreadable::Damaged),
        ("application/pdf", &cut[..60], Unreadable::Damaged),
        (
            "application/pdf",
            &drawn("0 0 m 9 9 l S"),
            Unreadable::NoText,
        ),
        (
            WORD,
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest",
            Unreadable::Protected,
        ),
        (WORD, b"PK\x03\x04 broken", Unreadable::Damaged),
        (WORD, &cut_word[..cut_word.len() - 30], Unreadable::Damaged),
        (WORD, &office(&[("other.xml", "<a/>")]), Unreadable::Damaged),
        (
            WORD,
            &office(&[("word/document.xml", "<w:p><w:t>x</w:p>")]),
            Unreadable::Damaged,
        ),
        ("text/plain", b"\x00\x01\x02", Unreadable::Format),
        ("text/plain", b" \n\t", Unreadable::NoText),
        ("image/png", b"\x89PNG", Unreadable::Format),
    ] {
        let why = read(mime_type, bytes).await;
        assert_eq!(
            why,
            Err(expected),
            "{mime_type} {:?}",
            &bytes[..bytes.len().min(20)]
        );
    }
}

#[tokio::test]
async fn what_unfolds_to_too_much_is_not_unfolded() {
    let much = " ".repeat(33 * 1024 * 1024);
    let word = office(&[(
        "word/document.xml",
        &format!("<w:document>{much}</w:document>"),
    )]);
    assert!(word.len() < 200_000, "{}", word.len());
    assert_eq!(read(WORD, &word).await, Err(Unreadable::TooComplex));
    // A page is left out; the file may have others.
    let page = pdf(unfolding_to(much.as_bytes(), ""), &[]);
    assert_eq!(
        read("application/pdf", &page).await,
        Err(Unreadable::NoText)
    );
    let few = stream("", b"");
    let large = unfolding_to(
        &much.as_bytes()[..3 * 1024 * 1024],
        "/Type/ObjStm/N 1/First 4",
    );
    let index = pdf(few.clone(), &[large]);
    assert_eq!(
        read("application/pdf", &index).await,
        Err(Unreadable::TooComplex)
    );
    // Each is small enough, all of them are not.
    let mut objects = b"9 0 [".to_vec();
    objects.extend_from_slice("0 ".repeat(300_000).as_bytes());
    let stream_of_objects = unfolding_to(&objects, "/Type/ObjStm/N 1/First 4");
    let many = pdf(few, &vec![stream_of_objects; 8]);
    assert_eq!(
        read("application/pdf", &many).await,
        Err(Unreadable::TooComplex)
    );
}

#[tokio::test]
async fn what_is_nested_deeply_ends_nothing() {
    let deep = "[".repeat(400_000);
    let objects = [deep.clone().into_bytes()];
    let read_pdf = read(
        "application/pdf",
        &pdf(stream("", deep.as_bytes()), &objects),
    )
    .await;
    assert!(read_pdf.is_err(), "{read_pdf:?}");
    let dictionaries = "<</A".repeat(300_000);
    let nested = pdf(stream("", b""), &[dictionaries.into_bytes()]);
    assert!(read("application/pdf", &nested).await.is_err());
    let many = "[0 0]".repeat(600_000);
    let wide = read(
        "application/pdf",
        &pdf(stream("", b""), &[many.into_bytes()]),
    )
    .await;
    assert_eq!(wide, Err(Unreadable::TooComplex));
    let tags = format!("<w:document>{}", "<w:p>".repeat(200_000));
    let word = office(&[("word/document.xml", &tags)]);
    assert!(read(WORD, &word).await.is_err());
}

#[test]
fn reading_ends_when_time_is_up() {
    let late = |format, bytes: &[u8]| read_within(Duration::ZERO, format, bytes);
    let page = drawn("BT /F1 9 Tf (x) Tj ET");
    assert_eq!(late(Format::Pdf, &page), Err(Unreadable::TooComplex));
    let word = office(&[("word/document.xml", "<w:p><w:t>x</w:t></w:p>")]);
    assert_eq!(late(Format::Office, &word), Err(Unreadable::TooComplex));
    assert_eq!(late(Format::Html, b"<p>x"), Err(Unreadable::TooComplex));
}

#[tokio::test]
async fn of_a_long_text_the_beginning_is_read() {
    let long = Content {
        mime_type: "text/plain".into(),
        bytes: "wörd ".repeat(LONGEST_TEXT).into(),
    };
    let Text { text, is_whole } = text(long, "file").await.unwrap();
    assert_eq!(text.chars().count(), LONGEST_TEXT);
    assert!(!is_whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_broken_anywhere_ends_nothing(
        breaks in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
    ) {
        let packed = unfolding_to(b"BT /F1 9 Tf 0 -12 Td [(packed) -300 (words)] TJ ET", "");
        let document = "<w:p><w:r><w:t>Fish &amp; chips</w:t></w:r></w:p>";
        for (format, file) in [
            (Format::Pdf, pdf(packed, &[])),
            (Format::Office, office(&[("word/document.xml", document)])),
            (Format::Html, b"<p>a<script>b</script><b c='d'>&amp;".to_vec()),
            (Format::Plain, "Grüße".into()),
        ] {
            let mut file = file;
            for (at, byte) in &breaks {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            // Whatever comes of it, it comes.
            let _ = read_within(Duration::from_secs(5), format, &file);
            let end = end.index(file.len());
            let _ = read_within(Duration::from_secs(5), format, &file[..end]);
        }
    }
}
