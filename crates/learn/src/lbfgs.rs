//! Minimises a smooth function: L-BFGS with backtracking.
//!
//! Owns the search. Knows nothing of what is minimised. Rule: it ends after a bounded number of steps, at a point no worse
//! than where it began.

const MEMORY: usize = 7;

/// Minimises `f`, which returns its value and writes its gradient, from `x` on.
pub(crate) fn minimise(x: &mut [f64], steps: usize, mut f: impl FnMut(&[f64], &mut [f64]) -> f64) {
    let n = x.len();
    let mut gradient = vec![0.0; n];
    let mut value = f(x, &mut gradient);
    let mut history: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    let mut direction = vec![0.0; n];
    let (mut next, mut next_gradient) = (vec![0.0; n], vec![0.0; n]);
    for _ in 0..steps {
        let norm = dot(&gradient, &gradient).sqrt();
        if !norm.is_finite() || norm < 1e-6 * (1.0 + value.abs()) {
            return;
        }
        two_loops(&history, &gradient, &mut direction);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            history.clear();
            direction.iter_mut().zip(&gradient).for_each(|(d, g)| *d = -g);
            slope = -norm * norm;
        }
        let mut step = if history.is_empty() { (1.0 / norm).min(1.0) } else { 1.0 };
        let mut better = false;
        for _ in 0..30 {
            for ((to, from), d) in next.iter_mut().zip(x.iter()).zip(&direction) {
                *to = from + step * d;
            }
            let there = f(&next, &mut next_gradient);
            if there.is_finite() && there <= value + 1e-4 * step * slope {
                better = (value - there) > 1e-9 * (1.0 + value.abs());
                let s: Vec<f64> = next.iter().zip(x.iter()).map(|(a, b)| a - b).collect();
                let y: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
                let sy = dot(&s, &y);
                if sy > 1e-12 {
                    if history.len() == MEMORY {
                        history.remove(0);
                    }
                    history.push((s, y, 1.0 / sy));
                }
                x.copy_from_slice(&next);
                gradient.copy_from_slice(&next_gradient);
                value = there;
                break;
            }
            step *= 0.5;
        }
        if !better {
            return;
        }
    }
}

fn two_loops(history: &[(Vec<f64>, Vec<f64>, f64)], gradient: &[f64], direction: &mut [f64]) {
    direction.copy_from_slice(gradient);
    let mut alphas = vec![0.0; history.len()];
    for (i, (s, y, rho)) in history.iter().enumerate().rev() {
        let alpha = rho * dot(s, direction);
        alphas[i] = alpha;
        direction.iter_mut().zip(y).for_each(|(d, y)| *d -= alpha * y);
    }
    if let Some((s, y, _)) = history.last() {
        let scale = dot(s, y) / dot(y, y).max(1e-300);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (i, (s, y, rho)) in history.iter().enumerate() {
        let beta = rho * dot(y, direction);
        direction.iter_mut().zip(s).for_each(|(d, s)| *d += (alphas[i] - beta) * s);
    }
    direction.iter_mut().for_each(|d| *d = -*d);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_bottom_of_a_narrow_valley() {
        let mut x = [-1.2, 1.0];
        minimise(&mut x, 200, |x, g| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        });
        assert!((x[0] - 1.0).abs() < 1e-3 && (x[1] - 1.0).abs() < 1e-3, "{x:?}");
    }

    #[test]
    fn a_function_that_is_no_number_ends_it() {
        let mut x = [1.0];
        minimise(&mut x, 10, |_, g| {
            g[0] = f64::NAN;
            f64::NAN
        });
        assert!((x[0] - 1.0).abs() < 1e-12);
    }
}
