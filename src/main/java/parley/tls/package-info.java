/**
 * Certificates of the program's own ports: those between nodes, and the operators'. Reads and
 * checks files, makes an authority and certificates where nobody gave any, and says when they end.
 * Not the clients' port (a proxy in front of it has the certificate), and not tokens.
 *
 * <p><b>Nodes know each other by a certificate, both ways.</b> Whoever may speak by the port
 * between nodes may read and write every conversation, so that port is TLS 1.3 with a certificate
 * on both sides ({@code RotatingKeysSSLEngineProvider} of Artery). A peer is accepted when the
 * authority of our own certificate has signed its certificate, it has not expired, and one of its
 * names is one of ours. Addresses are not looked at: pods have a new one in each life. That
 * provider reads RSA keys only (PKCS#8 or PKCS#1), and of the authority's file the first
 * certificate only, without intermediate ones; {@link parley.tls.Certificate} refuses anything else
 * at the start, in one line, instead of at each connection. Rejected: a provider of our own (key
 * handling is what one should not write), a secret that all share and Artery's cookie (it would
 * travel in plain text).
 *
 * <p><b>What rotates and what does not.</b> Files are read again a minute after they changed at the
 * latest, and hold for connections from then on; those that are open stay. So certificates of the
 * same authority are replaced one node after the other while all run. A new authority takes one
 * full stop, since a node trusts one. When a certificate expires, open connections go on and new
 * ones are refused: the cluster lives until a node restarts or a link breaks, which is why the days
 * that are left are a meter and a warning two weeks before.
 *
 * <p><b>Made by itself where only this machine is meant.</b> A single node, and nodes that know
 * each other by loopback addresses only, make an authority and one certificate in a folder that
 * only their user may read ({@link parley.tls.SelfMade}). The authority's key is thrown away, so
 * nothing can be signed by it any more. Rejected: no TLS on loopback addresses (every local user
 * can connect to them), and no listening port in a single node (Artery has no such mode).
 *
 * <p><b>Bouncy Castle makes certificates</b>, because Java can only read them. It is loaded when
 * one has to be made, at the first start or by the command {@code node-ca}, and never afterwards.
 * Rejected: {@code keytool} as a process of its own (seconds, five calls, passwords in arguments),
 * and writing the encoding by hand.
 */
@NullMarked
package parley.tls;

import org.jspecify.annotations.NullMarked;
