/**
 * Accounts and tokens: who may sign in, and who a bearer token speaks for. {@link
 * parley.auth.Accounts} is the door for accounts, {@link parley.auth.AccessTokens} for tokens;
 * behind them stand the {@link parley.auth.Account} entity (one writer per username), the password
 * hasher on threads of its own, the signing keys ({@link parley.auth.KeyRing}), and the keys of an
 * external issuer. Profiles, routes and cookies do not live here.
 *
 * <h2>Decisions</h2>
 *
 * <p><b>What a login made is a family, and ends as one.</b> Its refresh tokens come in generations
 * ({@link parley.auth.Family}); its access tokens carry its {@code sid}. A logout has to end
 * sockets and pushes at once, and those are the user's, which lives on another node perhaps. So the
 * account writes the end first, then tells the user until the user has it in its own journal, and
 * only then answers; what is untold stands in the account's state. A process that dies between the
 * two lines leaves a family without a good refresh token, whose sockets end with their access token
 * (15 minutes) or when the account is next woken, by any call that names it: the caller had no
 * answer and asks again. A device's removal goes the same way from the other side. Rejected: to ask
 * the account at each hello, as a third of a cluster's reconnects would wake as many accounts; to
 * keep live logins in the user, which would cost a write there for each login.
 *
 * <p><b>The {@code sid} is not the family's id but made from it.</b> The id proves that a spent
 * token was real, which revokes the family; access tokens are seen by more eyes than refresh
 * tokens.
 *
 * <p><b>Bounds.</b> 20 families an account: the next login ends the one that was refreshed the
 * longest ago, as a logout would. 21 tokens a generation, 120 generations a minute ({@code
 * rate_limited}). 40 ends that the user has not heard of: whatever would end one more is {@code
 * unavailable}. A user remembers 200 ended logins for 20 minutes.
 *
 * <p><b>Who guesses holds up himself.</b> A limit for the account alone lets anybody keep its owner
 * out; one for the address alone lets a thousand machines guess. So an account counts both ({@link
 * parley.auth.GuessLimits}), and devices that have been in before ({@link parley.auth.KnownDevice})
 * count apart. The account is the one writer for all nodes; it forgets when its node dies. What an
 * owner on a new device, from a new address, has to wait while ten and more machines guess cannot
 * be told from a guess, and is at most 5 minutes. Rejected: a puzzle or a captcha, which no client
 * of the protocol could answer; to store known devices, as there would be a write for each and a
 * bound to fill.
 *
 * <p><b>Registrations are counted on each node.</b> An address that reaches N nodes has N times as
 * many. A counter for all nodes would be an entity a registration can wait for, to bound what the
 * hasher's own lane bounds already. Their hashes take turns with those of logins ({@link
 * parley.auth.PasswordHasher.Lane}).
 *
 * <p><b>Old and new nodes together.</b> No event has a new name: fields were added, which an older
 * version does not read. An account that moves to an older node takes the newest token for the only
 * good one, and tells nobody of a logout, as before.
 *
 * <p><b>Keys change by time, not by a second command.</b> A rotation must not refuse anybody's
 * token, on any node, whatever stops or starts meanwhile. Each node must know a key before any node
 * signs with it, and must know the last one until its tokens have ended. So a rotation is one
 * conditional write: the next key and the time from which it signs ({@link
 * parley.auth.SigningKeys}). Every node reads the store every 10 s, and at once for a token whose
 * key it does not know. Rejected: a second command that makes the next key sign (an operator who
 * forgets it, or a crash before it, leaves the rotation half done, and nodes hear of it at
 * different times anyway); a cluster singleton that decides (nobody signs while it moves); a key
 * for each node (every start and stop is then a rotation). The price: clocks must agree within a
 * minute, which tokens need too; a rotation is refused where they do not.
 *
 * <p><b>All keys are one text in one row or file.</b> It is one JWK set, and beside it the signing
 * key's members once more, as the only key that versions before knew. Those versions read it and go
 * on while the cluster is upgraded node by node; a rotation is refused while one of them is a
 * member. After a rotation there is no way back to them: they would sign with a key that ends.
 * Rejected: a row for each key (a rotation would be several writes), and a second row beside the
 * old one (a crash between the two).
 *
 * <h2>Decision: AWS-LC checks signatures</h2>
 *
 * <p>When a node dies, tens of thousands of clients reconnect with tokens that the other nodes have
 * never seen. The JDK's ECDSA was the largest part of a connection (250 of 1,083 µs). Amazon's
 * provider (ACCP) checks a signature in 37 µs. It is a native library for one platform, under a
 * name that all platforms share. So the build takes the library of its own machine (Linux on x86-64
 * and ARM), and an image should be built on the architecture on which it runs. The library is
 * unpacked into {@code java.io.tmpdir}. It is tried when the node already listens, because that
 * takes a second of processor time.
 *
 * <p>The JDK checks signatures until then, where the library is missing or does not work, and from
 * the moment at which the library fails and the JDK does not. The log says so. A signature that the
 * library calls bad is bad, whatever the reason. Rejected: HMAC (every node would hold the secret
 * that makes tokens, and there would be no public keys); Conscrypt (its released jar has nothing
 * for ARM on Linux).
 */
@NullMarked
package parley.auth;

import org.jspecify.annotations.NullMarked;
