//! A parabola that slides along one line from below.

/// The outermost points that the parabola touches, beside the ends of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Touching {
    /// The next one after the first of all.
    pub first: usize,
    /// The last one before the last of all.
    pub last: usize,
}

/// Slides the parabola of coefficient `bend` under `line`, which must not be empty. What it touches stays, all else sinks
/// to it. `candidates` is memory to work in.
///
/// From a touching point i the parabola rolls on to the j where `(v_j − v_i)/(j − i) + bend·(j − i)` is smallest. Points
/// that are bent less than the parabola itself lie above the chords of their neighbours and are never touched; the search
/// ends where even the lowest point of the line could not matter. Both are approximate in ImageJ, so the same
/// candidates are searched in the same order here.
pub(super) fn slide(line: &mut [f32], bend: f32, candidates: &mut Vec<i32>) -> Touching {
    let length = line.len();
    candidates.resize(length, 0);
    let end = length as i32;
    let lowest = link(line, bend, candidates);
    let mut touching = Touching {
        first: length - 1,
        last: 0,
    };
    let mut here = 0;
    while here < length - 1 {
        let v = line[here];
        let (mut slope, mut next) = (f32::MAX, 0);
        let mut search_end = end;
        // When it comes to zero, the end of the search is determined anew: not at once after each better slope.
        let mut patience = 0;
        let mut j = candidates[here];
        while j < search_end {
            let distance = (j - here as i32) as f32;
            let candidate = (line[j as usize] - v) / distance + bend * distance;
            if candidate < slope {
                slope = candidate;
                next = j as usize;
                patience = -3;
            }
            if patience == 0 {
                let half = f64::from(0.5 * slope / bend);
                let room = f64::from((v - lowest) / bend);
                // Java's numbers overflow to negative ones, which then count as no limit.
                let limit = (half + (half * half + room).sqrt() + 1.0) as i32;
                let limit = (here as i32).wrapping_add(limit);
                if limit < search_end && limit > 0 {
                    search_end = limit;
                }
            }
            j = candidates[j as usize];
            patience += 1;
        }
        if next <= here {
            // No slope is below the largest number. ImageJ would search for ever.
            break;
        }
        if here == 0 {
            touching.first = next;
        }
        if next == length - 1 {
            touching.last = here;
        }
        // Nothing left of the next point is read again.
        for (i, result) in line[here..next].iter_mut().enumerate().skip(1) {
            let distance = i as f32;
            *result = v + distance * (slope - distance * bend);
        }
        here = next;
    }
    touching
}

/// Links the points that the parabola may touch, each to the next, from the first of the line to the last; the last has
/// a link beyond all. Gives the lowest value.
fn link(line: &[f32], bend: f32, candidates: &mut [i32]) -> f32 {
    // Not 2: room for the rounding of second differences.
    let curvature = 1.999 * bend;
    let mut lowest = f32::MAX;
    for &v in line {
        lowest = if v < lowest { v } else { lowest };
    }
    let mut latest = 0;
    for (i, v) in line.windows(3).enumerate() {
        if v[1] + v[1] - v[0] - v[2] < curvature {
            candidates[latest] = i as i32 + 1;
            latest = i + 1;
        }
    }
    let last = line.len() - 1;
    candidates[latest] = last as i32;
    candidates[last] = i32::MAX;
    lowest
}
