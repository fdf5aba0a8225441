// loop_rayon.rs - rayon: a parallel iterator, plain and with with_max_len(1), for items that are
// worth a task each. It cannot be told costs.
// Keeps:  the costs are those of loop.h.
// Next:   loop.h

mod measure;

use rayon::prelude::*;
use std::time::{Duration, Instant};

const LOOP_ITEMS: usize = 1000;
const LOOP_ROUNDS: u32 = 2;
const LOOP_SECONDS_EACH: f64 = 0.4;

fn draw(workers: usize) -> Vec<u64> {
    let raw: Vec<f64> = (0..LOOP_ITEMS)
        .map(|i| (1.0 - (i as f64 + 0.5) / LOOP_ITEMS as f64).powf(-1.0 / 1.1))
        .collect();
    let (sum, share) = (raw.iter().sum::<f64>(), LOOP_SECONDS_EACH * 1e6);
    raw.iter()
        .map(|raw| (raw / sum * share * workers as f64).min(share / 2.0) as u64)
        .collect()
}

fn item(cost: &u64) -> u64 {
    let start = Instant::now();
    std::thread::sleep(Duration::from_micros(*cost));
    start.elapsed().as_nanos() as u64
}

fn note(took: &[u64], workers: usize, wall: Duration, series: &mut measure::Series) {
    assert_eq!(took.len(), LOOP_ITEMS);
    let share = took.iter().sum::<u64>() / workers as u64;
    let ideal = share.max(*took.iter().max().expect("items"));
    series.add(ideal as f64 / wall.as_nanos() as f64);
}

fn main() {
    let workers = measure::argument(1, 4);
    let pool = measure::pool(workers);
    let costs = draw(workers);
    let mut plain = measure::Series::new("no costs");
    let mut single = measure::Series::new("no costs, grain 1");
    for _ in 0..LOOP_ROUNDS {
        let start = Instant::now();
        let took: Vec<u64> = pool.install(|| costs.par_iter().map(item).collect());
        note(&took, workers, start.elapsed(), &mut plain);
        let start = Instant::now();
        let took: Vec<u64> = pool.install(|| costs.par_iter().with_max_len(1).map(item).collect());
        note(&took, workers, start.elapsed(), &mut single);
    }
    measure::print(workers, LOOP_ITEMS as u64, &[plain, single]);
}
