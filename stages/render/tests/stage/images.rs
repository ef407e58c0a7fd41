//! Images through the stages, with real children.

use crate::support::{Bench, error, one_child};
use docmill_render::Config;
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use tiff::encoder::{Compression, Rational, TiffEncoder, colortype};
use tiff::tags::{ResolutionUnit, Tag};

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Red on its left half, white on its right one.
fn half_red(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { [255, 0, 0] } else { [255; 3] }))
}

#[tokio::test]
async fn an_image_is_a_page_for_ocr() {
    let bench = Bench::new(one_child());
    let types = [
        ("image/png", ImageFormat::Png),
        ("image/webp", ImageFormat::WebP),
        ("image/bmp", ImageFormat::Bmp),
        ("image/jpeg", ImageFormat::Jpeg),
    ];
    for (media_type, format) in types {
        let (pages, ranges) = bench.pages("a", media_type, encoded(half_red(400, 200), format)).await;
        let [page] = pages.as_slice() else { panic!("{pages:?}") };
        assert_eq!((ranges, page.image_dpi), (1, Some(200.0)), "{media_type}");
        assert_eq!((page.width, page.height), (144.0, 72.0), "{media_type}");
        let image = bench.image(page).await.into_rgb8();
        assert_eq!(image.dimensions(), (400, 200));
        let left = image.get_pixel(20, 100).0;
        assert!(
            left[0] > 240 && left[1] < 15 && image.get_pixel(380, 100).0[1] > 240,
            "{media_type} {left:?}"
        );
    }
}

#[tokio::test]
async fn a_photo_is_turned_as_its_exif_says() {
    let jpeg = encoded(half_red(64, 32), ImageFormat::Jpeg);
    // Orientation 6: turn a quarter clockwise to see it upright.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&jpeg[..2], exif, &jpeg[2..]].concat();
    let bench = Bench::new(one_child());
    let (pages, _) = bench.pages("photo.jpg", "image/jpeg", turned).await;
    let image = bench.image(&pages[0]).await.into_rgb8();
    assert_eq!(image.dimensions(), (32, 64));
    assert!(image.get_pixel(16, 8).0[1] < 60 && image.get_pixel(16, 56).0[1] > 200, "left is on top now");
    assert_eq!((pages[0].width, pages[0].height), (32.0 * 0.36, 64.0 * 0.36));
}

fn pages_of_tiff() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut tiff = TiffEncoder::new(&mut out).unwrap().with_compression(Compression::Lzw);
    let mut page = tiff.new_image::<colortype::Gray8>(300, 150).unwrap();
    page.resolution(ResolutionUnit::Inch, Rational { n: 300, d: 1 });
    page.write_data(&vec![90; 300 * 150]).unwrap();
    let mut thumbnail = tiff.new_image::<colortype::Gray8>(10, 10).unwrap();
    thumbnail.encoder().write_tag(Tag::NewSubfileType, 1u32).unwrap();
    thumbnail.write_data(&[0; 100]).unwrap();
    let mut fax = tiff.new_image::<colortype::RGB8>(204, 98).unwrap();
    fax.resolution(ResolutionUnit::Inch, Rational { n: 204, d: 1 });
    fax.y_resolution(Rational { n: 98, d: 1 });
    fax.write_data(&half_red(204, 98)).unwrap();
    out.into_inner()
}

#[tokio::test]
async fn a_tiff_has_as_many_pages_as_images_but_thumbnails() {
    let bench = Bench::new(one_child());
    let (pages, _) = bench.pages("a.tif", "image/tiff", pages_of_tiff()).await;
    let [first, fax] = pages.as_slice() else { panic!("{pages:?}") };
    assert_eq!((first.image_dpi, first.width, first.height), (Some(300.0), 72.0, 36.0));
    let image = bench.image(first).await;
    assert_eq!(
        (image.color(), image.as_luma8().map(|i| i.get_pixel(5, 5).0)),
        (image::ColorType::L8, Some([90]))
    );
    assert_eq!((fax.width, fax.height), (72.0, 72.0), "dots of a fax are not square, those of its page are");
    assert_eq!(bench.image(fax).await.into_rgb8().dimensions(), (204, 204));
}

#[tokio::test]
async fn a_tiff_page_in_an_unknown_compression_fails_alone_and_names_it() {
    let mut bytes = pages_of_tiff();
    // The last Compression tag (259, SHORT, 1 value) of the little-endian file.
    let tag = [3, 1, 3, 0, 1, 0, 0, 0, 5, 0];
    let at = bytes.windows(tag.len()).rposition(|w| w == tag).unwrap();
    bytes[at + 8] = 6;
    let bench = Bench::new(one_child());
    let (pages, _) = bench.pages("a.tif", "image/tiff", bytes).await;
    assert!(pages[0].image.is_some());
    let failed = error(&pages[1]);
    assert_eq!(failed.code, "RENDER-0009");
    assert!(
        failed.message.contains("page 2 is stored as TIFF with old-style JPEG compression"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_tiff_that_is_cut_off_says_that_pages_are_lost() {
    let mut bytes = pages_of_tiff();
    // The directory of the last page is the last thing in the file.
    bytes.truncate(bytes.len() - 100);
    let bench = Bench::new(one_child());
    let (pages, _) = bench.pages("a.tif", "image/tiff", bytes).await;
    let [first, lost] = pages.as_slice() else { panic!("{pages:?}") };
    assert!(first.image.is_some());
    assert_eq!(error(lost).message, "a.tif: page 2 is damaged and cannot be read");
}

/// A little-endian TIFF of one strip.
fn tiff(entries: &[(u16, u16, u32)], strip: &[u8], map: &[u16]) -> Vec<u8> {
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    let count = entries.len() + 2 + usize::from(!map.is_empty());
    let data = 8 + 2 + 12 * count + 4;
    let mut all = entries.to_vec();
    all.push((273, 4, (data + 2 * map.len()) as u32));
    all.push((279, 4, strip.len() as u32));
    bytes.extend((count as u16).to_le_bytes());
    let mut lengths: Vec<(u16, u16, u32, u32)> =
        all.into_iter().map(|(tag, kind, v)| (tag, kind, 1, v)).collect();
    if !map.is_empty() {
        lengths.push((320, 3, map.len() as u32, data as u32));
    }
    lengths.sort_unstable();
    for (tag, kind, length, value) in lengths {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(map.iter().flat_map(|v| v.to_le_bytes()));
    bytes.extend(strip);
    bytes
}

#[tokio::test]
async fn a_tiff_with_a_palette_has_its_colours() {
    let (long, short) = (4, 3);
    let map: Vec<u16> = [[65_535, 0, 257, 0], [0, 65_535, 257, 0], [0, 0, 257, 0]].concat();
    let entries =
        [(256, long, 4), (257, long, 1), (258, short, 2), (259, short, 1), (262, short, 3), (277, short, 1)];
    let bytes = tiff(&entries, &[0b00_01_10_11], &map);
    let bench = Bench::new(one_child());
    let (pages, _) = bench.pages("a.tif", "image/tiff", bytes).await;
    assert_eq!(pages[0].error, None);
    let image = bench.image(&pages[0]).await.into_rgb8();
    let colours: Vec<[u8; 3]> = image.pixels().map(|p| p.0).collect();
    assert_eq!(colours, [[255, 0, 0], [0, 255, 0], [1, 1, 1], [0, 0, 0]]);
}

#[tokio::test]
async fn a_fax_of_group_3_is_read_and_one_of_two_dimensions_is_named() {
    let (long, short) = (4, 3);
    let entries = |white: u32, options: u32| {
        vec![
            (256, long, 8),
            (257, long, 2),
            (258, short, 1),
            (259, short, 3),
            (262, short, white),
            (277, short, 1),
            (278, long, 2),
            (292, long, options),
        ]
    };
    // Mark, 4 white and 4 black; mark, 8 white.
    let strip = [0b0000_0000, 0b0001_1011, 0b0110_0000, 0b0000_0011, 0b0011_0000];
    let bench = Bench::new(one_child());
    for (white, expected) in [(0, [255, 0, 255, 255]), (1, [0, 255, 0, 0])] {
        let (pages, _) = bench.pages("a.tif", "image/tiff", tiff(&entries(white, 0), &strip, &[])).await;
        assert_eq!(pages[0].error, None);
        let image = bench.image(&pages[0]).await.into_luma8();
        assert_eq!([(0, 0), (7, 0), (0, 1), (7, 1)].map(|(x, y)| image.get_pixel(x, y).0[0]), expected);
    }
    let (pages, _) = bench.pages("a.tif", "image/tiff", tiff(&entries(0, 1), &strip, &[])).await;
    let failed = error(&pages[0]);
    assert_eq!(failed.code, "RENDER-0009");
    assert!(failed.message.contains("two-dimensional CCITT group 3"), "{failed:?}");
    let cut = tiff(&entries(0, 0), &strip[..2], &[]);
    let (pages, _) = bench.pages("a.tif", "image/tiff", cut).await;
    assert_eq!(error(&pages[0]).code, "RENDER-0007", "a row is missing");
}

#[tokio::test]
async fn images_over_the_limits_are_not_decoded() {
    let bench = Bench::new(Config { max_megapixels: 1, max_side: 512, ..one_child() });
    let mut bomb = encoded(GrayImage::new(8, 8), ImageFormat::Png);
    // The header says 60000 x 60000; its checksum is made to fit.
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let checksum = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    let (pages, _) = bench.pages("bomb.png", "image/png", bomb).await;
    assert_eq!(error(&pages[0]).code, "RENDER-0008");
    assert_eq!(error(&pages[0]).message, "bomb.png: page 1 has 60000 x 60000 pixels, the limit is 1 million");
    let (pages, _) = bench.pages("a.png", "image/png", encoded(half_red(1000, 500), ImageFormat::Png)).await;
    assert_eq!(bench.image(&pages[0]).await.into_rgb8().dimensions(), (512, 256));
    assert_eq!((pages[0].image_dpi, pages[0].width), (Some(102.4), 360.0));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c: u32, _| (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg()))
    })
}

#[tokio::test]
async fn damaged_images_are_rejected_or_fail_their_page() {
    let bench = Bench::new(one_child());
    for media_type in ["image/png", "image/jpeg", "image/tiff", "image/webp", "image/bmp"] {
        let head = bench.head("a", media_type, b"no image at all".to_vec()).await;
        let error = bench.plan(head).await.unwrap_err();
        assert!(error.to_string().starts_with("a is damaged, truncated or not a "), "{error}");
    }
    let mut cut = encoded(half_red(400, 200), ImageFormat::Png);
    cut.truncate(cut.len() / 2);
    let (pages, _) = bench.pages("cut.png", "image/png", cut).await;
    assert_eq!(error(&pages[0]).code, "RENDER-0007");
    let mut cut = encoded(half_red(400, 200), ImageFormat::Jpeg);
    cut.truncate(cut.len() - 20);
    let (pages, _) = bench.pages("cut.jpg", "image/jpeg", cut).await;
    assert_eq!(error(&pages[0]).code, "RENDER-0007");
}
