/**
 * Certificates of the server's own ports: the port between nodes and the operators' port. The
 * package reads and checks files, creates an authority and certificates if the operator gave none,
 * and reports when they expire. It does not handle the clients' port (a proxy in front of it has
 * the certificate), nor tokens.
 *
 * <h2>Decision: nodes authenticate each other by certificates, both ways</h2>
 *
 * A client of the port between nodes can read and write every conversation. So that port uses TLS
 * 1.3 with a certificate on both sides ({@code RotatingKeysSSLEngineProvider} of Artery). A node
 * accepts a peer if the authority of its own certificate has signed the peer's certificate, the
 * certificate has not expired, and the two share a name. Addresses are not checked, because a pod
 * gets a new one at each start.
 *
 * <p>That provider reads RSA keys only (PKCS#8 or PKCS#1). Of the authority's file it reads the
 * first certificate only, without intermediate ones. {@link parley.tls.Certificate} refuses
 * anything else at the start, in one line, instead of at each connection. Rejected: an own provider
 * (nobody should write key handling); a shared secret with Artery's cookie (it would travel in
 * plain text).
 *
 * <h2>Decision: certificates rotate, authorities do not</h2>
 *
 * Changed files are read within a minute and apply to new connections. Open connections stay. So
 * certificates of the same authority can be replaced one node after the other, without a stop. A
 * new authority needs a stop of all nodes, because a node trusts one. When a certificate expires,
 * open connections go on and new ones are refused: the cluster works until a node restarts or a
 * link breaks. So the remaining days are a meter, and the log warns two weeks before.
 *
 * <h2>Decision: the server creates certificates for nodes on one machine</h2>
 *
 * A single node, and nodes that know each other by loopback addresses only, create an authority and
 * one certificate in a folder that only their user can read ({@link
 * parley.tls.SelfMadeCertificate}). The authority's key is discarded, so it can sign nothing more.
 * Rejected: no TLS on loopback addresses (every local user can connect to them); no listening port
 * in a single node (Artery has no such mode).
 *
 * <h2>Decision: Bouncy Castle creates certificates</h2>
 *
 * Java can only read certificates. Bouncy Castle is loaded only if a certificate has to be created,
 * at the first start or by the command {@code node-ca}. Rejected: {@code keytool} as a separate
 * process (seconds, five calls, passwords in arguments); to write the encoding by hand.
 */
@NullMarked
package parley.tls;

import org.jspecify.annotations.NullMarked;
