/**
 * What the program costs on DynamoDB: capacity units of each request, by the event that caused it,
 * in money.
 */
@NullMarked
package parley.bench.bill;

import org.jspecify.annotations.NullMarked;
