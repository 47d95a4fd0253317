//! Certificates of one's own, and proxies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cap_runtime::execute::ExecutorSettings;
use cap_runtime::secret::Secrets;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::gateway::{Names, Running, compiled, settings, tool, written};
use super::server::{Wild, answer, header};

/// An authority, and what it signed for one name.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

struct Signed {
    pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn sign(&self, name: &str) -> Signed {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        Signed { pem: certificate.pem(), der: certificate.der().clone(), key }
    }

    /// `tls` of a definition that trusts it and nobody else.
    fn trusted(&self, more: &str) -> String {
        let pem: String = self.issuer.pem().lines().map(|line| format!("    {line}\n")).collect();
        format!("tls:\n  ca: |\n{pem}{more}\nlimits: {{retries: 0, circuit_breaker: off}}")
    }
}

/// A TLS server at `secure.example` whose clients must be known to `clients`, if there is one.
struct Secure {
    url: String,
    handshakes: Arc<AtomicUsize>,
}

async fn secure(authority: &Authority, clients: Option<&Authority>) -> Secure {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let signed = authority.sign("secure.example");
    let key = PrivateKeyDer::try_from(signed.key.serialize_der()).unwrap();
    let builder = match clients {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.issuer.der().clone()).unwrap();
            ServerConfig::builder()
                .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        }
    };
    let mut config = builder.with_single_cert(vec![signed.der], key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let handshakes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&handshakes);
    let wild = Wild::start(move |stream, _| {
        let (acceptor, handshakes) = (acceptor.clone(), Arc::clone(&counted));
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            handshakes.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 8192];
            while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                if stream.write_all(&answer(200, "", "safe")).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    Secure { url: format!("https://secure.example:{}", wild.address.port()), handshakes }
}

fn at_home(secrets: Secrets) -> ExecutorSettings {
    ExecutorSettings { secrets, ..Names::of(&[&["127.0.0.1"]]).settings() }
}

#[tokio::test]
async fn only_the_authority_of_the_file_is_trusted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = secure(&ours, None).await;
    let tools = compiled(&[
        tool("ours", &server.url, "/x", &ours.trusted("")),
        tool("theirs", &server.url, "/x", &theirs.trusted("")),
        tool("system", &server.url, "/x", "limits: {retries: 0}"),
    ]);
    let running = Running::with(tools, at_home(Secrets::none())).await;
    for _ in 0..40 {
        assert_eq!(running.invoke("ours", json!({})).await.unwrap(), "safe");
    }
    // One for each thread that served a call.
    let handshakes = server.handshakes.load(Ordering::SeqCst);
    assert!(handshakes < 20, "connections are kept: {handshakes}");
    for name in ["theirs", "system"] {
        let error = running.refusal(name, json!({})).await;
        assert!(error.contains("could not be called"), "{name}: {error}");
    }
    assert_eq!(server.handshakes.load(Ordering::SeqCst), handshakes);
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = secure(&authority, Some(&clients)).await;
    let mine = clients.sign("client");
    let other = clients.sign("other");
    let secrets = Secrets::none()
        .with_value("CERTIFICATE", SecretString::from(mine.pem.clone()))
        .with_value("KEY", SecretString::from(mine.key.serialize_pem()))
        .with_value("OTHER_KEY", SecretString::from(other.key.serialize_pem()))
        .with_value("NONSENSE", SecretString::from("no key at all, said the secret"));
    let with = |key: &str| {
        authority
            .trusted(&format!("  certificate: \"{{{{ secret.CERTIFICATE }}}}\"\n  key: \"{{{{ secret.{key} }}}}\"\n"))
    };
    let tools = compiled(&[
        tool("known", &server.url, "/x", &with("KEY")),
        tool("stranger", &server.url, "/x", &authority.trusted("")),
        tool("mismatch", &server.url, "/x", &with("OTHER_KEY")),
        tool("nonsense", &server.url, "/x", &with("NONSENSE")),
        tool("missing", &server.url, "/x", &with("NOT_SET")),
    ]);
    let running = Running::with(tools, at_home(secrets)).await;
    assert_eq!(running.invoke("known", json!({})).await.unwrap(), "safe");
    assert!(running.refusal("stranger", json!({})).await.contains("could not be called"));
    for name in ["mismatch", "nonsense"] {
        let error = running.refusal(name, json!({})).await;
        assert!(error.contains("`tls.certificate` and `tls.key`"), "{name}: {error}");
        assert!(!error.contains("BEGIN") && !error.contains("no key at all"), "{error}");
    }
    assert!(running.refusal("missing", json!({})).await.contains("`NOT_SET` is not set"));
}

#[tokio::test]
async fn the_newer_protocol_is_offered() {
    let authority = Authority::new();
    let signed = authority.sign("secure.example");
    let key = PrivateKeyDer::try_from(signed.key.serialize_der()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![signed.der], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    let server = Wild::start(move |stream, _| {
        let (acceptor, begun) = (acceptor.clone(), Arc::clone(&counted));
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut preface = [0; 24];
            if stream.read_exact(&mut preface).await.is_ok() && preface.starts_with(b"PRI * HTTP/2.0\r\n") {
                begun.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let url = format!("https://secure.example:{}", server.address.port());
    let running =
        Running::with(compiled(&[tool("t", &url, "/x", &authority.trusted(""))]), at_home(Secrets::none())).await;
    running.refusal("t", json!({})).await;
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

/// A proxy that leads every request to `target`, whatever it asks for.
async fn proxy(target: String) -> Wild {
    Wild::start(move |mut stream, wild| {
        let target = target.clone();
        async move {
            let Some(head) = wild.head(&mut stream).await else { return };
            let Ok(mut there) = TcpStream::connect(&target).await else { return };
            if head.starts_with("CONNECT ") {
                stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
            } else {
                // The body is of no interest to those behind.
                let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length"));
                let head: String = lines.map(|line| format!("{line}\r\n")).collect();
                there.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
            }
            let _ = copy_bidirectional(&mut stream, &mut there).await;
        }
    })
    .await
}

fn through(proxy: &Wild) -> String {
    let address = proxy.address;
    format!("proxy: \"http://cap:{{{{ secret.PROXY_PASSWORD }}}}@{address}\"\nlimits: {{retries: 0}}")
}

#[tokio::test]
async fn a_proxy_is_asked_and_told_who_asks() {
    let server = Wild::answering(|_, _| answer(200, "", "behind")).await;
    let proxy = proxy(server.address.to_string()).await;
    let secrets = Secrets::none().with_value("PROXY_PASSWORD", SecretString::from("open sesame"));
    // A name that this machine does not know; the proxy does.
    let settings = ExecutorSettings { secrets, ..Names::of(&[&[]]).settings() };
    let text = written("t", "http://far.example", "public", "{method: GET, path: /x}", &through(&proxy));
    let running = Running::with(compiled(&[text]), settings).await;
    assert_eq!(running.invoke("t", json!({})).await.unwrap(), "behind");
    let head = proxy.heads().remove(0);
    assert!(head.starts_with("GET http://far.example/x "), "{head}");
    // `cap:open sesame`, or with the blank as it stands in a URL.
    let asked = header(&head, "proxy-authorization").unwrap();
    assert!(asked.starts_with("Basic Y2FwOm9wZW"), "{asked}");
}

#[tokio::test]
async fn tls_goes_through_a_proxy_from_end_to_end() {
    let authority = Authority::new();
    let server = secure(&authority, None).await;
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let proxy = proxy(format!("127.0.0.1:{port}")).await;
    let more = authority.trusted("").replace("limits:", &format!("proxy: \"http://{}\"\nlimits:", proxy.address));
    let text = written("t", &server.url, "public", "{method: GET, path: /x}", &more);
    let settings = ExecutorSettings { secrets: Secrets::none(), ..Names::of(&[&[]]).settings() };
    let running = Running::with(compiled(&[text]), settings).await;
    assert_eq!(running.invoke("t", json!({})).await.unwrap(), "safe");
    assert!(proxy.heads()[0].starts_with(&format!("CONNECT secure.example:{port} ")), "{:?}", proxy.heads());
}

#[tokio::test]
async fn a_proxy_is_no_way_round_the_rules() {
    let proxy = Wild::answering(|_, _| answer(200, "", "trapped")).await;
    let secrets = || Secrets::none().with_value("PROXY_PASSWORD", SecretString::from("open sesame"));
    let servers = ["http://127.0.0.1", "http://169.254.169.254", "http://named.example"];
    for server in servers {
        let mut tools =
            compiled(&[written("t", "http://x.example", "public", "{method: GET, path: /x}", &through(&proxy))]);
        let cap_compiler::capability::Call::Http(call) = &mut tools[0].call else { unreachable!() };
        call.server = cap_compiler::capability::Text::literal(server);
        let settings = ExecutorSettings { secrets: secrets(), ..Names::of(&[&["10.0.0.1"]]).settings() };
        let running = Running::with(tools, settings).await;
        let error = running.refusal("t", json!({})).await;
        assert!(error.contains("was not called"), "{server}: {error}");
    }
    assert_eq!(proxy.count(), 0);
    // The proxy itself is at no cloud's metadata service, and its password is in no error.
    let text = written("t", "http://x.example", "public", "{method: GET, path: /x}", "proxy: \"{{ secret.PROXY }}\"");
    for url in ["http://cap:hunter2@169.254.169.254:80", "ftp://cap:hunter2@proxy.example", "hunter2"] {
        let secrets = Secrets::none().with_value("PROXY", SecretString::from(url));
        let settings = ExecutorSettings { secrets, ..settings() };
        let running = Running::with(compiled(std::slice::from_ref(&text)), settings).await;
        let error = running.refusal("t", json!({})).await;
        assert!(error.contains("proxy") && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn tokens_are_obtained_through_the_proxy_too() {
    let server = Wild::answering(|head, _| match head.contains("/token") {
        true => answer(200, "", "{\"access_token\": \"abcdefgh\", \"token_type\": \"bearer\", \"expires_in\": 600}"),
        false => answer(200, "", "behind"),
    })
    .await;
    let proxy = proxy(server.address.to_string()).await;
    let auth = "auth: {oauth2: {grant: client_credentials, token_url: \"http://login.example/token\", client_id: cap, client_secret: \"{{ secret.PROXY_PASSWORD }}\"}}";
    let text = tool("t", "http://far.example", "/x", &format!("{auth}\n{}", through(&proxy)));
    let secrets = Secrets::none().with_value("PROXY_PASSWORD", SecretString::from("open-sesame"));
    let settings = ExecutorSettings { secrets, ..Names::of(&[&[]]).settings() };
    let running = Running::with(compiled(&[text]), settings).await;
    assert_eq!(running.invoke("t", json!({})).await.unwrap(), "behind");
    assert_eq!(proxy.connections(), 2, "{:?}", proxy.heads());
    assert!(proxy.heads()[0].starts_with("POST http://login.example/token "), "{:?}", proxy.heads());
    assert!(server.heads().iter().any(|head| header(head, "authorization").as_deref() == Some("Bearer abcdefgh")));
}
