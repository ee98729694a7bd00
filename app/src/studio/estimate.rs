//! What cleaning a photograph takes here, and what in the cloud: reckoned from its header and the recipe, without asking
//! anybody.

use std::fs::File;
use std::path::Path;

use whiteboarder_core::cost::{self, fits};
use whiteboarder_core::image::{Header, read_header_of};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::price::{Facts, estimate};
use whiteboarder_jobs::track::Place;

use crate::watch::price::Pricing;

/// What a file's beginning tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Its header.
    pub header: Header,
    /// The file's size.
    pub bytes: u64,
}

/// Reads a file's header. Blocks on the disk.
pub fn measure(path: &Path) -> Option<Measured> {
    let mut file = File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let header = read_header_of(&mut file).ok()?.ok()?;
    Some(Measured { header, bytes })
}

/// What one cleaning takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds on one core here.
    pub seconds: f64,
    /// Peak memory in MB.
    pub memory_mb: u64,
    /// In the cloud, when prices are known.
    pub cloud: Option<Cloud>,
}

/// What it takes in the cloud.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cloud {
    /// Where it would run.
    pub place: Place,
    /// Seconds there.
    pub seconds: f64,
    /// What it costs with all that belongs to it.
    pub cost: f64,
}

/// Reckons.
pub fn reckon(measured: &Measured, recipe: &Recipe, pricing: Option<&Pricing>) -> Estimate {
    let Measured { header, bytes } = measured;
    let need = cost::estimate(header, *bytes, recipe);
    let memory_mb = need.memory_bytes.div_ceil(1 << 20);
    let cloud = pricing.map(|pricing| {
        let setup = &pricing.setup;
        let (place, vcpus) = match fits(&need, &setup.lambda) {
            Ok(()) => (Place::Lambda, setup.lambda.vcpus),
            Err(_) => (Place::Ecs, setup.worker.vcpus),
        };
        let facts = Facts {
            bytes: *bytes,
            pixels: Some(header.pixels()),
            cpu_seconds: need.seconds,
            memory_mb,
            place: Some(place),
            download: true,
        };
        Cloud {
            place,
            seconds: need.seconds / vcpus,
            cost: estimate(&facts, setup, &pricing.rates).total,
        }
    });
    Estimate {
        seconds: need.seconds,
        memory_mb,
        cloud,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::fixture::{drawn, drive, studio};
    use crate::studio::message::{Effect, Msg};
    use crate::studio::update::update;
    use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
    use whiteboarder_core::image::{Channels, Format};
    use whiteboarder_jobs::price::{PriceTable, Setup};

    /// A board of 12 MP.
    fn board() -> Measured {
        let header = Header {
            width: 4032,
            height: 3024,
            channels: Channels::Rgb,
            format: Format::Jpeg,
            orientation: 1,
            progressive: false,
            decoder_bytes: 0,
            more_pictures: false,
        };
        Measured {
            header,
            bytes: 4_000_000,
        }
    }

    fn pricing() -> Pricing {
        let table = PriceTable::bundled();
        let rates = table.of("us-east-1").unwrap().rates;
        let setup = Setup::shipped(DEFAULT_LOCAL_LAMBDA);
        Pricing {
            paid: false,
            ..Pricing::with_rates(setup, rates, &table.currency, "us-east-1")
        }
    }

    #[test]
    fn it_is_what_a_plan_of_the_same_file_says() {
        use whiteboarder_jobs::price::quote;
        use whiteboarder_jobs::submit::{Wish, plan, scan};
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/boards");
        let found = scan(&[boards]).unwrap();
        let (recipe, pricing) = (Recipe::default(), pricing());
        let lambda = pricing.setup.lambda;
        let mut planned = plan(found, &recipe, Wish::Auto, &lambda);
        let table = PriceTable::bundled();
        quote(&mut planned, &pricing.setup, &table, "us-east-1", true).unwrap();
        assert!(planned.items.len() > 2);
        for item in planned.items {
            let measured = measure(&item.file.path).unwrap();
            let told = reckon(&measured, &recipe, Some(&pricing));
            let cloud = told.cloud.unwrap();
            assert_eq!(item.cpu_seconds, Some(told.seconds));
            assert_eq!(item.memory_mb, Some(told.memory_mb));
            assert_eq!(
                (item.place, item.seconds),
                (Some(cloud.place), Some(cloud.seconds))
            );
            assert_eq!(item.cost.map(|cost| cost.total), Some(cloud.cost));
        }
    }

    #[test]
    fn the_panel_tells_it_for_the_recipe_under_the_fingers_once_the_file_is_measured() {
        let mut model = studio(2, (120, 50));
        model.pricing = Some(pricing());
        let told = |screen: &str| screen.lines().filter(|line| line.contains("cloud")).count();
        assert_eq!(told(&drawn(&model)), 0);
        let effects = update(
            &mut model,
            Msg::Opened {
                photo: 0,
                size: Ok((4032, 3024)),
            },
        );
        assert_eq!(effects, [Effect::Measure(0)]);
        let (photo, measured) = (0, Some(board()));
        update(&mut model, Msg::Measured { photo, measured });
        insta::assert_snapshot!(drawn(&model));
        // Once is enough.
        let size = Ok((4032, 3024));
        assert!(update(&mut model, Msg::Opened { photo: 0, size }).is_empty());
        drive(&mut model, ".");
        assert_eq!(told(&drawn(&model)), 0, "another photograph");
    }

    #[test]
    fn without_prices_only_what_it_takes_here_is_told() {
        let told = reckon(&board(), &Recipe::default(), None);
        assert!(told.cloud.is_none() && told.seconds > 0.1 && told.memory_mb > 10);
    }
}
