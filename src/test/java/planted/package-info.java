/** Breaks each rule of the layout once, so that the tests of the rules have something to find. */
package planted;
