//! The figures: what people want of a cleaned board, in numbers.
//!
//! - A pixel **looks like ink** when min(R, G, B) < 224.
//! - *Precision*: the share of pixels that look like ink which lie within one pixel (eight neighbours) of ink of any
//!   pen. *Recall*: the share of pixels of ink in order that have one that looks like ink within one pixel; *faint*
//!   the same for faint ink; *inside* for fills without that tolerance. F1 is the harmonic mean of precision and recall.
//! - *ΔE* is the mean CIEDE2000 distance to the ideal ink over strokes where a perfect pen covers .9; *in* the same over
//!   the inside of fills; *hue* the mean CIELAB hue difference over both where the ideal ink has a chroma over 20. Faint
//!   ink has no part in them.
//! - *dL* is the mean lightness of those strokes less the ideal one: told because it explains ΔE, not judged.
//! - *Paper*: standard deviations of luma, and of both colour differences together, in sRGB levels, and the share of
//!   paper that is (255, 255, 255).
//! - *SSIM* of luma with the usual Gaussian window (11 × 11, 1.5), averaged within three pixels of ink in order, outside of fills and away
//!   from faint ink.

mod ssim;

use crate::board::Truth;
use crate::board::camera::ycc_of;
use crate::colour::{chroma, delta_e, hue_error, lab};
use crate::masks::grown;

/// What a figure is called and which way is better.
pub struct Column {
    /// In the baseline's file.
    pub key: &'static str,
    /// Above the table.
    pub head: &'static str,
    pub decimals: usize,
    pub better: Better,
    /// How much worse the mean may become unremarked; a single board three times as much.
    pub tolerance: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Better {
    High,
    Low,
    /// Told, never judged: it depends on the machine.
    Neither,
}

const fn column(
    key: &'static str,
    head: &'static str,
    decimals: usize,
    better: Better,
    tolerance: f64,
) -> Column {
    Column {
        key,
        head,
        decimals,
        better,
        tolerance,
    }
}

/// All figures in the order of [`Figures`].
pub const COLUMNS: [Column; 15] = [
    column("paper_std", "paper", 2, Better::Low, 0.1),
    column("paper_chroma_std", "chroma", 2, Better::Low, 0.1),
    column("paper_white", "white%", 2, Better::High, 0.1),
    column("precision", "prec%", 2, Better::High, 0.2),
    column("recall", "rec%", 2, Better::High, 0.2),
    column("f1", "F1%", 2, Better::High, 0.15),
    column("faint_recall", "faint%", 1, Better::High, 1.0),
    column("fill_recall", "inside%", 1, Better::High, 0.3),
    column("delta_e", "dE", 2, Better::Low, 0.15),
    column("fill_delta_e", "dE in", 2, Better::Low, 0.2),
    column("hue_error", "hue", 2, Better::Low, 0.2),
    column("ssim", "SSIM", 4, Better::High, 0.003),
    column("lightness_bias", "dL", 1, Better::Neither, 0.0),
    column("kilobytes", "kB", 1, Better::Low, 2.0),
    column("seconds", "CPU s", 2, Better::Neither, 0.0),
];

/// The figures of one picture; none where a board has nothing to measure it on.
pub type Figures = [Option<f64>; COLUMNS.len()];

/// A picture's sRGB samples, its file's size in bytes, and the processor time it took.
pub struct Result<'a> {
    pub rgb: &'a [u8],
    pub bytes: usize,
    pub seconds: Option<f64>,
}

const INK: u8 = 224;

pub fn of(result: &Result<'_>, truth: &Truth) -> Figures {
    let pixel = |at: usize| &result.rgb[at * 3..at * 3 + 3];
    let looks: Vec<bool> = result
        .rgb
        .chunks_exact(3)
        .map(|rgb| rgb.iter().any(|&sample| sample < INK))
        .collect();
    let near_ink = grown(&truth.any, truth.width, 1);
    let near_looks = grown(&looks, truth.width, 1);
    let precision = share(&near_ink, &looks);
    let recall = share(&near_looks, &truth.ink);
    let f1 = precision
        .zip(recall)
        .map(|(p, r)| 2.0 * p * r / (p + r).max(1e-9));

    let ideal = |at: usize| lab(&truth.picture[at * 3..at * 3 + 3]);
    let apart = |at: usize| delta_e(ideal(at), lab(pixel(at)));
    let hues = (0..looks.len())
        .filter(|&at| truth.core[at] || truth.inside[at])
        .filter_map(|at| {
            let ideal = ideal(at);
            (chroma(ideal) > 20.0).then(|| hue_error(ideal, lab(pixel(at))))
        });

    let paper = || places(&truth.paper).map(|at| ycc_of(pixel(at)));
    let deviation = |c: usize| {
        let middle = mean(paper().map(|ycc| f64::from(ycc[c])))?;
        let square = |ycc: [f32; 3]| (f64::from(ycc[c]) - middle) * (f64::from(ycc[c]) - middle);
        mean(paper().map(square)).map(f64::sqrt)
    };
    let white: Vec<bool> = result
        .rgb
        .chunks_exact(3)
        .map(|rgb| rgb == [255; 3])
        .collect();
    let lightness = |at: usize| lab(pixel(at))[0] - ideal(at)[0];

    let percent = |share: Option<f64>| share.map(|share| share * 100.0);
    [
        deviation(0),
        deviation(1)
            .zip(deviation(2))
            .map(|(b, r)| (b * b + r * r).sqrt()),
        percent(share(&white, &truth.paper)),
        percent(precision),
        percent(recall),
        percent(f1),
        percent(share(&near_looks, &truth.faint)),
        percent(share(&looks, &truth.inside)),
        mean(places(&truth.core).map(apart)),
        mean(places(&truth.inside).map(apart)),
        mean(hues),
        mean(ssim::at(
            &truth.edges,
            result.rgb,
            &truth.picture,
            truth.width,
        )),
        mean(places(&truth.core).map(lightness)),
        Some(result.bytes as f64 / 1000.0),
        result.seconds,
    ]
}

/// Figure by figure, over the boards that have it.
pub fn mean_of(all: &[Figures]) -> Figures {
    std::array::from_fn(|column| mean(all.iter().filter_map(|figures| figures[column])))
}

fn places(mask: &[bool]) -> impl Iterator<Item = usize> {
    mask.iter()
        .enumerate()
        .filter_map(|(at, set)| set.then_some(at))
}

/// The share of the pixels `of` that are also `also`.
fn share(also: &[bool], of: &[bool]) -> Option<f64> {
    mean(places(of).map(|at| f64::from(u8::from(also[at]))))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| {
        (count + 1, sum + value)
    });
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::board;

    fn figure(figures: &Figures, key: &str) -> f64 {
        let at = COLUMNS.iter().position(|column| column.key == key).unwrap();
        figures[at].unwrap()
    }

    fn of_picture(rgb: &[u8], truth: &Truth) -> Figures {
        of(
            &Result {
                rgb,
                bytes: 1000,
                seconds: None,
            },
            truth,
        )
    }

    #[test]
    fn the_truth_itself_has_perfect_figures() {
        let truth = board(1, 13, 3e5).unwrap().truth;
        let figures = of_picture(&truth.picture, &truth);
        for key in [
            "paper_white",
            "precision",
            "recall",
            "f1",
            "faint_recall",
            "fill_recall",
        ] {
            assert!(
                figure(&figures, key) > 99.999,
                "{key}: {}",
                figure(&figures, key)
            );
        }
        for key in [
            "paper_std",
            "paper_chroma_std",
            "delta_e",
            "fill_delta_e",
            "hue_error",
        ] {
            assert!(
                figure(&figures, key) < 1e-3,
                "{key}: {}",
                figure(&figures, key)
            );
        }
        assert!(figure(&figures, "ssim") > 0.999_999);
    }

    #[test]
    fn an_empty_page_has_no_ink_and_a_black_one_no_precision() {
        let truth = board(1, 4, 3e5).unwrap().truth;
        let white = of_picture(&vec![255; truth.picture.len()], &truth);
        assert!(figure(&white, "recall") < 1e-9 && figure(&white, "paper_white") > 99.999);
        let black = of_picture(&vec![0; truth.picture.len()], &truth);
        assert!(figure(&black, "recall") > 99.999 && figure(&black, "precision") < 60.0);
    }

    #[test]
    fn hollow_fills_show_inside_only() {
        let truth = board(1, 4, 3e5).unwrap().truth;
        let mut hollow = truth.picture.clone();
        for at in places(&truth.inside) {
            hollow[at * 3..at * 3 + 3].fill(255);
        }
        let figures = of_picture(&hollow, &truth);
        assert!(figure(&figures, "fill_recall") < 1e-9 && figure(&figures, "fill_delta_e") > 10.0);
        assert!(figure(&figures, "precision") > 99.999 && figure(&figures, "delta_e") < 1e-3);
    }
}
