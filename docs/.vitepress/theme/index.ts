import DefaultTheme from 'vitepress/theme-without-fonts';
import './custom.css';

/** The default theme in the fonts of the reader's machine: nothing is loaded from elsewhere. */
export default DefaultTheme;
