// submit_rayon.rs - rayon: in_place_scope, whose spawns come from the calling thread, which is none
// of the pool's; and scope, which first moves to the pool: there a worker submits.
// Next:   submit.h

mod measure;

use std::time::Instant;

const SUBMIT_TASKS: usize = 1_000_000;
const SUBMIT_ROUNDS: u32 = 3;

fn spawn_all<'scope>(scope: &rayon::Scope<'scope>, places: &'scope mut [u32]) {
    for place in places {
        scope.spawn(move |_| *place = place.wrapping_mul(3).wrapping_add(1));
    }
}

fn check(places: &[u32]) {
    assert!(places.iter().all(|place| *place == places[0]), "each task once");
}

fn main() {
    let workers = measure::argument(1, 1);
    let pool = measure::pool(workers);
    let mut places = vec![0u32; SUBMIT_TASKS];
    let mut outside = measure::Series::new("submit");
    let mut inside = measure::Series::new("from inside");
    for _ in 0..SUBMIT_ROUNDS {
        let start = Instant::now();
        pool.in_place_scope(|scope| spawn_all(scope, &mut places));
        outside.add_since(start, SUBMIT_TASKS as u32);
        check(&places);
        let start = Instant::now();
        pool.scope(|scope| spawn_all(scope, &mut places));
        inside.add_since(start, SUBMIT_TASKS as u32);
        check(&places);
    }
    measure::print(workers, SUBMIT_TASKS as u64, &[outside, inside]);
}
