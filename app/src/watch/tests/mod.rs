mod acts;
mod fixture;
mod keys;
mod mouse;
mod screens;
mod speed;
