//! A running cloud: start, wait, stop.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{CloudConfig, Durability, Target};
use crate::error::CloudError;
use crate::events::EventSink;
use crate::lanes::{AsyncQueue, LambdaLane, Messages, ServiceIntegrations, TaskLane, WorkerLane};
use crate::rules::EventBus;
use crate::s3::{self, ObjectStore, StoreError, StoreSettings};
use crate::server::{self, Activity, Control, Front};
use crate::sqs::Queues;
use crate::states::{Engine, EngineSettings};
use crate::versions;

/// How long a stop with `drain` waits for invocations and workers to end their work.
pub const DRAIN_LIMIT: Duration = Duration::from_mins(1);

/// How long aborted tasks may take to let go of what they hold.
const LAST_REFERENCES: Duration = Duration::from_secs(5);

/// How often the idle clock is read.
const IDLE_CHECK: Duration = Duration::from_millis(500);

/// A cloud that runs in this process.
///
/// Dropping it without [`stop`](Self::stop) ends it at once, as SIGKILL would: what was acknowledged is kept.
pub struct Cloud {
    address: SocketAddr,
    wishes: mpsc::UnboundedSender<bool>,
    stopped: watch::Receiver<bool>,
    stop: CancellationToken,
}

impl Cloud {
    /// Starts a cloud: takes the data directory, opens the stores, makes the stack, takes up what was running,
    /// and listens on 127.0.0.1. Requests are answered when this returns.
    pub async fn start(config: CloudConfig) -> Result<Self, CloudError> {
        prepare_folder(&config.root).map_err(|error| CloudError::store(&config.root, error))?;
        let lock = lock(&config.root)?;
        versions::check(&config.root)?;
        let listener = listen(config.port).await?;
        let address = listener
            .local_addr()
            .map_err(|error| CloudError::store(&config.root, error))?;
        let rules = EventBus::compile(&config.stack.rules)
            .map_err(|(rule, source)| CloudError::Rule { rule, source })?;
        check_stack(&config)?;

        let endpoint = format!("http://{address}");
        let tokens = Tokens::default();
        let store = open_store(&config)?;
        let lambda = Arc::new(LambdaLane::new(&config, &endpoint));
        let queue = open_queue(&config)?;
        let queues = open_queues(&config, &endpoint)?;
        let messages = Arc::new(Messages::new(Arc::clone(&queues)));
        let tasks = open_tasks(&config, &endpoint, &tokens)?;
        let services = ServiceIntegrations::new(
            Arc::clone(&lambda),
            Arc::clone(&store),
            Arc::clone(&messages),
            Arc::clone(&tasks),
            tokens.drain.clone(),
        );
        let engine = open_engine(&config, services)?;
        if let Err(refused) = apply_stack(&config, &store, &engine).await {
            close(engine, store).await;
            return Err(refused);
        }

        let bus: Arc<dyn EventSink> = Arc::new(EventBus::new(
            rules,
            Arc::clone(&engine),
            Arc::clone(&lambda),
            Arc::clone(&queue),
        ));
        messages.connect(&bus);
        let activity = Arc::new(Activity::new());
        let (wishes, wished) = mpsc::unbounded_channel();
        let front = Front {
            access_key: config.access_key.clone(),
            secret_key: config.secret_key.clone(),
            s3: store.service(&config.access_key, &config.secret_key),
            engine: Arc::clone(&engine),
            lambda: Arc::clone(&lambda),
            queue: Arc::clone(&queue),
            queues,
            control: Control {
                build: config.build.clone(),
                started: Instant::now(),
                root: config.root.clone(),
                store: Arc::clone(&store),
                stop: wishes.clone(),
            },
            activity: Arc::clone(&activity),
            drain: tokens.drain.clone(),
            stop: tokens.stop.clone(),
        };
        let deliveries = vec![
            tokio::spawn(Arc::clone(&store).deliver_events(Arc::clone(&bus), tokens.drain.clone())),
            tokio::spawn(Arc::clone(&engine).deliver_events(bus, tokens.drain.clone())),
            tokio::spawn(Arc::clone(&queue).run(
                Arc::clone(&lambda),
                tokens.drain.clone(),
                tokens.stop.clone(),
            )),
        ];
        let server = tokio::spawn(server::serve(
            listener,
            Arc::new(front),
            tokens.serve.clone(),
        ));
        // Last: the workers poll at once.
        let workers = WorkerLane::start(&config, &endpoint, &tokens.stop);

        let (ended, stopped) = watch::channel(false);
        let stop = tokens.stop.clone();
        let running = Running {
            lock,
            store,
            tokens,
            engine,
            lambda,
            queue,
            workers,
            tasks,
            activity,
            deliveries,
            server,
        };
        tokio::spawn(running.supervise(wished, config.idle_after, ended));
        Ok(Self {
            address,
            wishes,
            stopped,
            stop,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has stopped: by [`stop`](Self::stop), by a signed request to `/_local/stop`, or because
    /// nobody used it for as long as [`CloudConfig::idle_after`] says.
    pub async fn wait(&self) {
        let mut stopped = self.stopped.clone();
        // An error means that the supervisor is gone, with the runtime.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    /// Stops it and waits for the end.
    ///
    /// With `drain` nothing new begins, running invocations and workers end their work and what they report is
    /// still stored, for at most [`DRAIN_LIMIT`]. Without, and after the limit, they are killed. Either way the
    /// next start goes on where this one ended.
    pub async fn stop(&self, drain: bool) {
        // An error means that it has stopped already.
        let _ = self.wishes.send(drain);
        self.wait().await;
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The stages of an end. Each stage's token is cancelled when it begins.
#[derive(Clone, Default)]
struct Tokens {
    /// Nothing new begins.
    drain: CancellationToken,
    /// What runs is killed.
    stop: CancellationToken,
    /// The port is closed.
    serve: CancellationToken,
}

/// The parts of a running cloud, owned by the task that will end them.
struct Running {
    lock: File,
    store: Arc<ObjectStore>,
    tokens: Tokens,
    engine: Arc<Engine>,
    lambda: Arc<LambdaLane>,
    queue: Arc<AsyncQueue>,
    workers: WorkerLane,
    tasks: Arc<TaskLane>,
    activity: Arc<Activity>,
    deliveries: Vec<JoinHandle<()>>,
    server: JoinHandle<()>,
}

impl Running {
    /// Waits for a reason to end, then ends everything.
    async fn supervise(
        self,
        mut wished: mpsc::UnboundedReceiver<bool>,
        idle_after: Option<Duration>,
        ended: watch::Sender<bool>,
    ) {
        let drain = tokio::select! {
            wish = wished.recv() => wish.unwrap_or(false),
            () = self.idle(idle_after) => {
                tracing::info!("nobody used the cloud: it ends");
                true
            }
            () = self.tokens.stop.cancelled() => false,
        };
        self.tokens.drain.cancel();
        if drain {
            tokio::select! {
                () = self.drained() => {}
                () = tokio::time::sleep(DRAIN_LIMIT) => {
                    tracing::warn!("work did not end in time and is begun again by the next start");
                }
                // Impatience wins.
                () = impatient(&mut wished) => {}
                () = self.tokens.stop.cancelled() => {}
            }
        }
        self.end().await;
        ended.send_replace(true);
    }

    /// Ends when nobody has used the cloud for long enough; never without a limit.
    async fn idle(&self, limit: Option<Duration>) {
        let Some(limit) = limit else {
            return std::future::pending().await;
        };
        // Work counts as use up to its end.
        let mut last_work = Instant::now();
        loop {
            tokio::time::sleep(IDLE_CHECK.min(limit)).await;
            let lanes = self.lambda.running() + self.tasks.running();
            if self.engine.busy() || lanes > 0 || !self.queue.is_empty() {
                last_work = Instant::now();
            }
            let unused = self.activity.idle_for();
            if unused.is_some_and(|unused| unused >= limit) && last_work.elapsed() >= limit {
                return;
            }
        }
    }

    /// Ends when running work has ended.
    async fn drained(&self) {
        self.lambda.close();
        let invocations = async {
            while self.lambda.running() > 0 || self.queue.busy() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::join!(invocations, self.tasks.drained(), self.workers.drain());
    }

    async fn end(self) {
        self.tokens.stop.cancel();
        self.workers.ended().await;
        self.tasks.ended().await;
        self.lambda.shutdown().await;
        for delivery in self.deliveries {
            // An error is a panic that has been reported already.
            let _ = delivery.await;
        }
        self.tokens.serve.cancel();
        let _ = self.server.await;
        close(self.engine, self.store).await;
        // Said aloud: a child that is being started at this moment may have a copy of the open file.
        if let Err(error) = rustix::fs::flock(&self.lock, FlockOperation::Unlock) {
            tracing::warn!(%error, "cannot unlock the data directory");
        }
    }
}

/// Closes the stores.
async fn close(engine: Arc<Engine>, store: Arc<ObjectStore>) {
    engine.close().await;
    drop(engine);
    // Calls that were aborted let go of the object store a moment later, and with it of its lock.
    let deadline = Instant::now() + LAST_REFERENCES;
    while Arc::strong_count(&store) > 1 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Ends when somebody wishes to stop without draining.
async fn impatient(wished: &mut mpsc::UnboundedReceiver<bool>) {
    loop {
        match wished.recv().await {
            Some(true) => {}
            Some(false) => return,
            None => return std::future::pending().await,
        }
    }
}

/// Makes a folder for its owner only, or makes it so.
fn prepare_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Locks the data directory for as long as the file is open; the system lets go of it when the process ends.
pub(crate) fn lock(root: &Path) -> Result<File, CloudError> {
    let file = private_file(&root.join("lock")).map_err(|error| CloudError::store(root, error))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(CloudError::AlreadyRunning {
            root: root.to_owned(),
        }),
        Err(error) => Err(CloudError::store(root, io::Error::from(error))),
    }
}

/// Opens a file that only its owner may read. SQLite gives its side files the mode of the database.
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
}

async fn listen(port: Option<u16>) -> Result<TcpListener, CloudError> {
    let port = port.unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => CloudError::PortTaken { port },
        _ => CloudError::NoPermission {
            what: format!("port {port}"),
            source: error.into(),
        },
    })
}

fn open_store(config: &CloudConfig) -> Result<Arc<ObjectStore>, CloudError> {
    let settings = StoreSettings {
        region: config.region.clone(),
        account: config.account.clone(),
        // Always: whoever got an answer to an upload may delete the original.
        durability: Durability::Full,
    };
    let folder = config.root.join("s3");
    prepare_folder(&folder)
        .and_then(|()| private_file(&folder.join(s3::INDEX_FILE)))
        .map_err(|error| CloudError::store(&config.root, error))?;
    ObjectStore::open(&folder, settings).map_err(|error| match error {
        // Somebody opened the store alone, without a cloud around it.
        StoreError::InUse { .. } => CloudError::AlreadyRunning {
            root: config.root.clone(),
        },
        error => CloudError::store(&config.root, error),
    })
}

fn open_queue(config: &CloudConfig) -> Result<Arc<AsyncQueue>, CloudError> {
    let path = config.root.join(versions::QUEUE_FILE);
    private_file(&path).map_err(|error| CloudError::store(&config.root, error))?;
    let queue = AsyncQueue::open(&path, config.durability);
    queue
        .map(Arc::new)
        .map_err(|error| CloudError::store(&config.root, error))
}

fn open_queues(config: &CloudConfig, endpoint: &str) -> Result<Arc<Queues>, CloudError> {
    let path = config.root.join(versions::QUEUES_FILE);
    private_file(&path).map_err(|error| CloudError::store(&config.root, error))?;
    let (region, account) = (&config.region, &config.account);
    Queues::open(&path, config.durability, region, account, endpoint)
        .map(Arc::new)
        .map_err(|error| CloudError::store(&config.root, error))
}

fn open_tasks(
    config: &CloudConfig,
    endpoint: &str,
    tokens: &Tokens,
) -> Result<Arc<TaskLane>, CloudError> {
    let path = config.root.join(versions::TASKS_FILE);
    private_file(&path).map_err(|error| CloudError::store(&config.root, error))?;
    let (drain, stop) = (tokens.drain.clone(), tokens.stop.clone());
    TaskLane::open(&path, config, endpoint, drain, stop)
        .map(Arc::new)
        .map_err(|error| CloudError::store(&config.root, error))
}

fn open_engine(
    config: &CloudConfig,
    services: ServiceIntegrations,
) -> Result<Arc<Engine>, CloudError> {
    let settings = EngineSettings {
        region: config.region.clone(),
        account: config.account.clone(),
        durability: config.durability,
        keep: config.keep,
        rehearsal: config.rehearsal.clone(),
    };
    let path = config.root.join(versions::STATES_FILE);
    private_file(&path).map_err(|error| CloudError::store(&config.root, error))?;
    Engine::open(&path, settings, Arc::new(services))
        .map_err(|error| CloudError::store(&config.root, error))
}

/// Checks that what refers to another part of the stack finds it.
fn check_stack(config: &CloudConfig) -> Result<(), CloudError> {
    let stack = &config.stack;
    for group in &stack.workers {
        if !stack.activities.contains(&group.activity) {
            let (kind, reason) = ("workers of activity", "the stack has no such activity");
            return Err(CloudError::part(
                &config.root,
                kind,
                &group.activity,
                reason,
            ));
        }
    }
    for definition in &stack.task_definitions {
        if definition.entry_point.is_empty() {
            let (kind, reason) = ("task definition", "its entry point is empty");
            let root = &config.root;
            return Err(CloudError::part(root, kind, &definition.family, reason));
        }
    }
    for rule in &stack.rules {
        let (kind, name, known) = match &rule.target {
            Target::StateMachine { name } => {
                let mut machines = stack.state_machines.iter();
                (
                    "state machine",
                    name,
                    machines.any(|machine| machine.name == *name),
                )
            }
            Target::Function { name } => {
                let mut functions = stack.functions.iter();
                (
                    "function",
                    name,
                    functions.any(|function| function.name == *name),
                )
            }
        };
        if !known {
            let reason = format!("the stack has no {kind} {name}, its target");
            return Err(CloudError::part(&config.root, "rule", &rule.name, reason));
        }
    }
    Ok(())
}

/// Makes what the stack names and is not there yet.
async fn apply_stack(
    config: &CloudConfig,
    store: &Arc<ObjectStore>,
    engine: &Engine,
) -> Result<(), CloudError> {
    let root = &config.root;
    for bucket in &config.stack.buckets {
        store
            .create_bucket(bucket)
            .map_err(|error| CloudError::part(root, "bucket", bucket, error))?;
    }
    for activity in &config.stack.activities {
        engine
            .ensure_activity(activity)
            .await
            .map_err(|error| CloudError::part(root, "activity", activity, error.message))?;
    }
    for machine in &config.stack.state_machines {
        engine
            .ensure_state_machine(&machine.name, &machine.definition)
            .await
            .map_err(|error| {
                CloudError::part(root, "state machine", &machine.name, error.message)
            })?;
    }
    Ok(())
}
